// A real browser on a stage: what every test starts with, and what every page is looked at with.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'

import { AxeBuilder } from '@axe-core/playwright'
import { chromium } from 'playwright-core'

import { api, expenseDesk, issuer, letterTo, linkIn } from '../support/usher.mjs'

export const password = 'seven quiet lighthouses blink'

const screenshots = fileURLToPath(new URL('screenshots/', import.meta.url))
mkdirSync(screenshots, { recursive: true })

// No sandbox, because continuous integration runs as root; nothing that phones home.
const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
]

let browser
after(() => browser?.close())

/** A window with cookies of its own. It is an error for a page to log one: broken scripts and policies show there. */
export async function window(test, options = {}) {
  browser ??= await chromium.launch({ executablePath: process.env.USHER_CHROMIUM ?? '/usr/bin/chromium', args })
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(15_000)
  const complaints = []
  const listen = page => {
    page.on('pageerror', error => complaints.push(`${page.url()}: ${error}`))
    page.on('console', message => {
      const expected = /status of 4\d\d/.test(message.text()) // the tests open pages that refuse
      if (message.type() === 'error' && !expected) complaints.push(`${page.url()}: ${message.text()}`)
    })
  }
  listen(page)
  context.on('page', listen)
  test.after(async () => {
    await context.close()
    assert.deepEqual(complaints, [])
  })
  return page
}

const looks = [
  { width: 1280, colorScheme: 'light', audit: true },
  { width: 1280, colorScheme: 'dark' },
  { width: 390, colorScheme: 'light' },
  { width: 390, colorScheme: 'dark', audit: true },
]

/** Looks at a page as different people do: wide and narrow, light and dark, and with the rules of WCAG 2.2 AA. */
export async function look(page, name) {
  const before = page.viewportSize()
  for (const { width, colorScheme, audit } of looks) {
    await page.setViewportSize({ width, height: 800 })
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    await page.screenshot({ path: `${screenshots}${name}-${width}-${colorScheme}.png`, fullPage: true })
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
    assert.ok(overflow <= 0, `${name} is ${overflow} px too wide at ${width} px`)
    if (!audit) continue
    const { violations } = await new AxeBuilder({ page })
      .exclude('iframe') // a letter's frame runs no scripts, and the audit would wait in it for ever
      .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
      .analyze()
    const summary = violations.map(v => `${v.id}: ${v.help}\n${v.nodes.map(n => `    ${n.html} ${n.failureSummary}`).join('\n')}`)
    assert.deepEqual(summary, [], `${name} at ${width} px, ${colorScheme}`)
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null })
  await page.setViewportSize(before)
}

/** Invites somebody into the demo's application; gives back the invitation and the link in its letter. */
export async function invite(email, more = {}) {
  const application = (await expenseDesk()).id
  const profile = { given_name: 'Ada', family_name: 'Lovelace' }
  const invitation = await api('POST', '/invitations', { application, email, profile, ...more })
  return { ...invitation, link: linkIn(await letterTo(email)) }
}

/** From the link to being signed in at the application. */
export async function accept(page, link) {
  await page.goto(link)
  await page.click('#submit')
  await page.fill('#password', password)
  await page.click('#submit')
  await page.waitForSelector('#signed-in-as')
}

/** The text of the page's main heading. */
export async function heading(page) {
  return (await page.locator('h1').first().textContent()).trim()
}

/** Follows the link of a letter as it is shown in the mailbox, wherever it opens. */
export async function clickInLetter(page, name) {
  const link = page.frameLocator('iframe').getByRole('link', { name }).first()
  const elsewhere = page.context().waitForEvent('page', { timeout: 5_000 }).catch(() => undefined)
  await link.click()
  const opened = await Promise.race([elsewhere, page.waitForURL(url => !url.pathname.startsWith('/mailbox')).then(() => page)])
  const target = opened ?? page
  await target.waitForLoadState()
  assert.ok(target.url().startsWith(issuer))
  return target
}
