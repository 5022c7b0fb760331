// Accepting an invitation with an account somewhere else, at the simulated providers of the demo.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { address, api, appUrl, issuer, letterTo } from '../support/usher.mjs'
import { clickInLetter, heading, invite, look, window } from './stage.mjs'

/** From the page that asks how to go on, to the simulator's page. */
async function goTo(page, provider) {
  await page.getByRole('button', { name: new RegExp(provider) }).click()
  await page.waitForSelector('#cancel')
  assert.match(await page.textContent('footer'), /This is a simulator; no real/)
}

/** Through the form, which the provider has filled in, into the application. */
async function finish(page) {
  await page.waitForSelector('#submit, #signed-in-as')
  if (await page.locator('#signed-in-as').count() === 0) await page.click('#submit')
  await page.waitForSelector('#signed-in-as')
  assert.ok(page.url().startsWith(appUrl))
}

test('R121 from the mailbox through Microsoft to being signed in at the application', async t => {
  const page = await window(t)
  const email = 'grace.hopper@harborline.example'
  const pending = await api('GET', `/invitations?email=${encodeURIComponent(email)}`)
  if (!pending.items.some(invitation => invitation.status === 'pending')) await invite(email)
  await letterTo(email)

  await page.goto(`${issuer}/mailbox`)
  await page.getByRole('link', { name: email }).first().click()
  await page.waitForSelector('iframe')
  const landing = await clickInLetter(page, /accept|continue|join|sign/i)
  await landing.click('#submit')
  await landing.waitForSelector('#providers')
  await look(landing, 'sign-up-with-providers')
  await goTo(landing, 'Contoso Microsoft 365')
  await look(landing, 'simulator')
  await landing.click('#persona-grace')
  await landing.waitForSelector('#submit')
  await look(landing, 'sign-up-with-provider')
  await finish(landing)
  assert.match(await landing.textContent('#signed-in-as'), /Grace Hopper/)
  assert.equal(await landing.textContent('#email'), email)

  await landing.click('#sign-out')
  await landing.click('#sign-in')
  await goTo(landing, 'Contoso Microsoft 365')
  await landing.click('#persona-grace')
  await landing.waitForSelector('#signed-in-as')
  assert.match(await landing.textContent('#signed-in-as'), /Grace Hopper/)
})

test('an account that is cancelled leaves the invitation as it was', async t => {
  const page = await window(t)
  const email = address('rosa')
  const { link, id } = await invite(email)
  await page.goto(link)
  await page.click('#submit')
  await goTo(page, 'Google')
  await page.click('#cancel')
  await page.waitForURL(url => url.href.startsWith(issuer))
  await look(page, 'provider-cancelled')
  assert.ok(await heading(page))
  assert.equal((await api('GET', `/invitations/${id}`)).status, 'pending')
})
