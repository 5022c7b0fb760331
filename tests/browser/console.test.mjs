// The first administrator comes by invitation like everybody else, and invites somebody with the console.
import assert from 'node:assert/strict'
import { before, test } from 'node:test'

import { address, api, expenseDesk, issuer, letterTo, linkIn, unique } from '../support/usher.mjs'
import { accept, look, password, window } from './stage.mjs'

const administrator = 'admin@harborline.example'

/** A window in which the administrator is signed in. */
async function signedIn(t) {
  const page = await window(t)
  await page.goto(`${issuer}/console`)
  await page.fill('#username', administrator)
  await page.fill('#password', password)
  await page.click('#submit')
  await page.waitForURL(url => url.pathname.startsWith('/console'))
  return page
}

before(async () => {
  const link = linkIn(await letterTo(administrator))
  await fetch(link, { method: 'HEAD' }) // a mail scanner was here first
})

test('the first administrator signs up by invitation and is in the console', async t => {
  const page = await window(t)
  await page.goto(linkIn(await letterTo(administrator)))
  await page.click('#submit')
  for (const field of ['given_name', 'family_name']) {
    if (await page.locator(`#${field}`).count()) await page.fill(`#${field}`, 'Admin')
  }
  await page.fill('#password', password)
  await page.click('#submit')
  await page.waitForURL(url => url.pathname.startsWith('/console'))
  await look(page, 'console-home')
})

test('R26 R39 R45 R51 inviting from the console: form, groups, letter, list, detail', async t => {
  const page = await signedIn(t)
  const group = await api('POST', '/groups', { name: unique('Travellers') })
  const email = address('console')
  await page.goto(`${issuer}/console/invitations`)
  await look(page, 'console-invitations')
  await page.click('#invite')
  await look(page, 'console-invite')

  await page.selectOption('#application', { label: 'Expense Desk' })
  await page.fill('#email', 'not an address')
  await page.click('#submit')
  await page.waitForSelector('[aria-invalid="true"]')
  await look(page, 'console-invite-refused')

  await page.fill('#email', email)
  await page.fill('#given_name', 'Grace')
  await page.getByLabel(group.name).check()
  await page.click('#preview')
  const resulting = page.locator('section', { has: page.locator('#resulting-title') })
  await resulting.getByRole('rowheader', { name: group.name }).waitFor()
  await page.click('#submit')
  await page.getByText(email).first().waitFor()
  await look(page, 'console-invited')

  const letter = await letterTo(email)
  assert.ok(linkIn(letter))
  await page.goto(`${issuer}/console/invitations?email=${encodeURIComponent(email)}`)
  await page.getByRole('link', { name: /Grace|console-/ }).first().click()
  await page.waitForURL(url => /\/console\/invitations\/inv_/.test(url.pathname))
  await look(page, 'console-invitation')
  assert.ok((await page.content()).includes(group.name))
  assert.ok(!(await page.content()).includes(linkIn(letter)), 'R133: the link is not shown here')
})

test('R27 R28 R29 R53 accounts: the button beside the store, and the person who accepted', async t => {
  const page = await signedIn(t)
  const email = address('account')
  await page.getByRole('link', { name: 'Accounts', exact: true }).click()
  await page.waitForURL(url => url.pathname === '/console/accounts')
  await look(page, 'console-accounts')
  const desk = await expenseDesk()
  if (await page.locator('#store').count()) await page.selectOption('#store', desk.store)
  await page.click('#invite')
  await page.selectOption('#application', { label: 'Expense Desk' })
  await page.fill('#email', email)
  await page.fill('#given_name', 'Grace')
  await page.fill('#family_name', 'Hopper')
  await page.click('#submit')
  await page.getByText(email).first().waitFor()
  await accept(await window(t), linkIn(await letterTo(email)))

  await page.goto(`${issuer}/console/accounts?store=${desk.store}`)
  await page.fill('#search', email.slice(0, 12))
  await page.keyboard.press('Enter')
  const row = page.locator('tr', { hasText: email })
  await row.getByRole('link', { name: 'Grace Hopper' }).click()
  await page.waitForURL(url => /\/console\/accounts\/idn_/.test(url.pathname))
  await look(page, 'console-account')
  assert.ok((await page.locator('#identifiers').textContent()).includes(email))
})

test('R58 R59 resending and revoking from the detail view', async t => {
  const page = await signedIn(t)
  const desk = await expenseDesk()
  const email = address(`changes-${'as-long-as-they-get-'.repeat(2)}`) // it must not push the page wide
  const { id } = await api('POST', '/invitations', { application: desk.id, email })
  await page.goto(`${issuer}/console/invitations/${id}`)
  await page.click('#resend')
  await letterTo(email, 2)
  await page.goto(`${issuer}/console/invitations/${id}`)
  await page.click('#revoke-open')
  await look(page, 'console-revoke')
  await page.locator('#revoke').getByRole('button').filter({ hasText: /revoke/i }).click()
  await page.waitForLoadState()
  assert.equal((await api('GET', `/invitations/${id}`)).status, 'revoked')
})

test('the console is closed to everybody else', async () => {
  const answer = await fetch(`${issuer}/console/invitations`, { redirect: 'manual' })
  assert.ok(answer.status >= 300 && answer.status < 404)
  const crossSite = await fetch(`${issuer}/console/invitations/new`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'sec-fetch-site': 'cross-site', origin: 'https://elsewhere.example' },
    body: new URLSearchParams({ email: 'a@b.example' }),
  })
  assert.equal(crossSite.status, 403)
})
