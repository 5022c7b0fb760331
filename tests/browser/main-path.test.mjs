// From the letter to being signed in at the application, as different people go the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { address, api, appUrl, expenseDesk, issuer, letterTo, unique } from '../support/usher.mjs'
import { accept, clickInLetter, heading, invite, look, password, window } from './stage.mjs'

test('R21 R25 R42 R127 from the mailbox to being signed in at the application', async t => {
  const page = await window(t)
  const email = address('grace')
  await invite(email, { profile: { given_name: 'Grace', family_name: 'Hopper' } })

  await page.goto(`${issuer}/mailbox`)
  await look(page, 'mailbox')
  await page.getByRole('link', { name: email }).click()
  await page.waitForSelector('iframe')
  await look(page, 'letter')

  const landing = await clickInLetter(page, /accept|continue|join|sign/i)
  assert.match(await landing.locator('main').textContent(), /Expense Desk/)
  assert.match(await landing.locator('main').textContent(), new RegExp(email, 'i'))
  await look(landing, 'invitation')
  await landing.click('#submit')

  assert.equal(await landing.inputValue('#given_name'), 'Grace', 'R25')
  assert.equal(await landing.inputValue('#family_name'), 'Hopper', 'R25')
  await look(landing, 'sign-up')
  await landing.fill('#given_name', 'Rear Admiral Grace') // R42: reviewed, and changed
  await landing.fill('#password', password)
  await landing.click('#submit')

  await landing.waitForSelector('#signed-in-as')
  assert.ok(landing.url().startsWith(appUrl))
  assert.match(await landing.textContent('#signed-in-as'), /Rear Admiral Grace/)
  assert.equal(await landing.textContent('#email'), email)
  await look(landing, 'application')

  const { items } = await api('GET', `/invitations?email=${encodeURIComponent(email)}`)
  assert.equal(items[0].status, 'done', 'R51')
})

test('the invited groups and those of the application are in the ID token (R45, R122)', async t => {
  const page = await window(t)
  const desk = await expenseDesk()
  const group = await api('POST', '/groups', { name: unique('Auditors') })
  const assigned = await Promise.all(desk.groups.map(id => api('GET', `/groups/${id}`)))
  const { link } = await invite(address('joan'), { groups: [group.id] })
  await accept(page, link)
  const shown = await page.locator('#groups li').allTextContents()
  assert.deepEqual(shown.sort(), [group.name, ...assigned.map(one => one.name)].sort())
  assert.match(await page.textContent('[data-claim="groups"]'), new RegExp(group.name))
})

test('the same way with scripts turned off', async t => {
  const page = await window(t, { javaScriptEnabled: false })
  const email = address('katherine')
  const { link } = await invite(email)
  await accept(page, link)
  assert.equal(await page.textContent('#email'), email)
  await page.click('#sign-out')
  await page.waitForURL(url => url.href.startsWith(appUrl))
  await page.goto(appUrl)
  await page.click('#sign-in')
  await page.fill('#username', email)
  await page.fill('#password', password)
  await page.click('#submit')
  await page.waitForSelector('#signed-in-as')
})

test('the same way with the keyboard alone', async t => {
  const page = await window(t)
  const { link } = await invite(address('mary'))
  await page.goto(link)
  await press(page, '#submit')
  await page.waitForSelector('#password')
  await tabTo(page, '#password')
  await page.keyboard.type(password)
  await page.keyboard.press('Enter')
  await page.waitForSelector('#signed-in-as')
  await press(page, '#sign-out')
  await page.waitForSelector('#sign-in')
})

/** Tabs until the element has the focus, as somebody without a mouse does. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 30; presses++) {
    await page.keyboard.press('Tab')
    if (await page.locator(selector).evaluate(element => element === document.activeElement)) return
  }
  assert.fail(`${selector} can't be reached with the keyboard`)
}

async function press(page, selector) {
  await tabTo(page, selector)
  await page.keyboard.press('Enter')
}

test('the short code of the letter works where the link can not be opened (R128)', async t => {
  const page = await window(t)
  const email = address('edith')
  await invite(email)
  const letter = await letterTo(email)
  const code = letter.text.match(/\b[A-Z0-9]{4}[- ][A-Z0-9]{4}\b|\b\d{6,8}\b/)[0]
  await page.goto(`${issuer}/invitation`)
  await look(page, 'enter-code')
  await page.fill('#username', email)
  await page.fill('#code', code)
  await page.click('#submit')
  await page.waitForSelector('#password')
})

test('signing in again, renewing and signing out at the application', async t => {
  const page = await window(t)
  const email = address('dorothy')
  const { link } = await invite(email)
  await accept(page, link)
  await page.click('#renew')
  assert.equal(await page.getAttribute('#renewals', 'data-count'), '1')
  await page.click('#sign-out')
  await page.waitForURL(url => url.pathname === '/signed-out')
  await look(page, 'application-signed-out')

  await page.click('#sign-in')
  await look(page, 'sign-in')
  await page.fill('#username', email)
  await page.fill('#password', 'not the password at all')
  await page.click('#submit')
  await look(page, 'sign-in-refused')
  assert.equal(await page.inputValue('#username'), email, 'what was typed is kept')
  await page.fill('#password', password)
  await page.click('#submit')
  await page.waitForSelector('#signed-in-as')
})

test('a form that is not filled in right says where, and loses nothing', async t => {
  const page = await window(t)
  const { link } = await invite(address('annie'))
  await page.goto(link)
  await page.click('#submit')
  await page.fill('#family_name', 'Easley')
  await page.fill('#password', 'password1234')
  await page.click('#submit')
  await page.waitForSelector('[aria-invalid="true"]')
  await look(page, 'sign-up-refused')
  assert.equal(await page.inputValue('#family_name'), 'Easley')
  assert.equal(await page.inputValue('#password'), '')
  await page.fill('#password', password)
  await page.click('#submit')
  await page.waitForSelector('#signed-in-as')
  assert.match(await heading(page), /expenses/i)
})
