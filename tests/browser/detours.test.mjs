// What happens beside the straight way: links that end, other accounts, changed minds, forgotten passwords.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { address, api, appUrl, issuer, letterTo, letters, linkIn } from '../support/usher.mjs'
import { accept, heading, invite, look, password, window } from './stage.mjs'

test('R142 every way in which a link ends has a page of its own', async t => {
  const page = await window(t)
  const headings = new Set()
  const visit = async (link, name) => {
    await page.goto(link)
    await look(page, `link-${name}`)
    headings.add(await heading(page))
  }

  await visit(`${issuer}/invitation/not-a-token`, 'unknown')

  const revoked = await invite(address('revoked'))
  await api('POST', `/invitations/${revoked.id}/revoke`)
  await visit(revoked.link, 'revoked')

  const resent = await invite(address('resent'))
  await api('POST', `/invitations/${resent.id}/resend`)
  await visit(resent.link, 'superseded')

  const used = await invite(address('used'))
  const other = await window(t)
  await accept(other, used.link)
  await visit(used.link, 'used')

  assert.equal(headings.size, 4, [...headings].join(' | '))
})

test('R142 a fresh link goes to the invited address only', async t => {
  const page = await window(t)
  const email = address('late')
  const first = await invite(email)
  await api('POST', `/invitations/${first.id}/resend`)
  await letterTo(email, 2)
  await page.goto(first.link)
  await page.click('#submit')
  await look(page, 'fresh-link-asked')
  assert.ok(!(await page.content()).includes(email), 'the address is masked')
  const fresh = linkIn(await letterTo(email, 3))
  await accept(page, fresh)
})

test('R143 R129 declining is asked twice and told to the inviter; until then the link stays good', async t => {
  const page = await window(t)
  const email = address('unwilling')
  const { id, link } = await invite(email)
  await page.goto(link)
  await page.click('#decline')
  await look(page, 'decline')
  assert.equal((await api('GET', `/invitations/${id}`)).status, 'pending')
  await page.click('button[name="choice"][value="decline"]')
  await look(page, 'declined')
  assert.equal((await api('GET', `/invitations/${id}`)).status, 'declined')
  await page.goto(link)
  await look(page, 'link-declined')
})

test('R141 with somebody else signed in, both accounts are named and nothing happens by itself', async t => {
  const page = await window(t)
  const first = address('first')
  await accept(page, (await invite(first)).link)
  const second = address('second')
  const { id, link } = await invite(second)
  await page.goto(link)
  await page.click('#submit')
  await page.waitForURL(url => url.pathname === '/different-account')
  await look(page, 'different-account')
  const text = await page.locator('main').textContent()
  assert.ok(text.includes(first) && text.includes(second))

  await page.click('button[name="choice"][value="cancel"]')
  assert.equal((await api('GET', `/invitations/${id}`)).status, 'pending')
  await page.goto(link)
  await page.click('#submit')
  await page.click('button[name="choice"][value="switch"]')
  await page.fill('#password', password)
  await page.click('#submit')
  await page.waitForSelector('#signed-in-as')
  assert.equal(await page.textContent('#email'), second)
})

test('a forgotten password is replaced by mail, and the old one ends', async t => {
  const page = await window(t)
  const email = address('forgetful')
  await accept(page, (await invite(email)).link)
  await page.click('#sign-out')
  await page.waitForURL(url => url.pathname === '/signed-out')
  await page.click('#sign-in')
  await page.click('#forgotten')
  await look(page, 'forgotten-password')
  await page.fill('#username', email)
  await page.click('#submit')
  await look(page, 'recovery-mail-sent')

  const link = linkIn(await letterTo(email, 2), '/reset-password/')
  await page.goto(link)
  await look(page, 'reset-password')
  await page.fill('#password', 'nine loud typewriters rest')
  await page.click('#submit')
  await look(page, 'password-changed')

  const other = await window(t)
  await other.goto(appUrl)
  await other.click('#sign-in')
  await other.fill('#username', email)
  await other.fill('#password', password)
  await other.click('#submit')
  assert.ok(other.url().startsWith(issuer), 'the old password is refused')
  await other.fill('#password', 'nine loud typewriters rest')
  await other.click('#submit')
  await other.waitForSelector('#signed-in-as')

  await page.goto(link)
  await look(page, 'reset-password-used')
  assert.equal(await page.locator('#password').count(), 0, 'the link is good once')
})

test('nobody learns from a forgotten password whether an account exists', async t => {
  const page = await window(t)
  const nobody = address('nobody')
  await page.goto(appUrl)
  await page.click('#sign-in')
  await page.click('#forgotten')
  await page.fill('#username', nobody)
  await page.click('#submit')
  assert.ok(await heading(page))
  assert.equal((await letters(nobody)).length, 0)
})

test('pages that are not there, and requests that are wrong, say so', async t => {
  const page = await window(t)
  const missing = await page.goto(`${issuer}/no-such-page`)
  assert.equal(missing.status(), 404)
  await look(page, 'not-found')
  const wrong = await page.goto(`${issuer}/authorize?client_id=nobody`)
  assert.equal(wrong.status(), 400)
  await look(page, 'wrong-request')
  await page.goto(appUrl)
  await look(page, 'application-welcome')
})

test('every page forbids inline script, framing, referrers and sniffing', async () => {
  for (const path of ['/mailbox', '/invitation', '/invitation/not-a-token', '/no-such-page']) {
    const { headers } = await fetch(issuer + path)
    const policy = headers.get('content-security-policy')
    assert.match(policy, /default-src 'none'|default-src 'self'/, path)
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval/, path)
    assert.match(policy, /frame-ancestors 'none'/, path)
    assert.equal(headers.get('referrer-policy'), 'no-referrer', path)
    assert.equal(headers.get('x-content-type-options'), 'nosniff', path)
  }
})
