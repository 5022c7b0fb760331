// A connection to a certified OpenID provider from npm, in a real browser: nothing of it is ours.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { test } from 'node:test'

import { Provider } from 'oidc-provider'

import { address, api, expenseDesk, issuer, setPolicy, unique } from '../support/usher.mjs'
import { invite, window } from './stage.mjs'

const client = { client_id: unique('usher'), client_secret: unique('a-secret-of-sufficient-length') }

/** The provider on a free port; whoever types an address there has it, verified. */
async function start(t) {
  const server = createServer()
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const at = `http://127.0.0.1:${server.address().port}`
  let callback
  const provider = new Provider(at, {
    clients: [{ ...client, redirect_uris: [`${issuer}/placeholder`] }],
    claims: { email: ['email', 'email_verified'], profile: ['name', 'given_name', 'family_name'] },
    cookies: { keys: [unique('cookies')] },
    pkce: { required: () => true },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => ({ sub, email: sub, email_verified: true, name: 'Radia Perlman', given_name: 'Radia', family_name: 'Perlman' }),
    }),
  })
  provider.Client.prototype.redirectUriAllowed = uri => uri === callback
  server.on('request', provider.callback())
  return { at, comesBackTo: uri => { callback = uri } }
}

test('a certified OpenID provider signs people in', async t => {
  const page = await window(t)
  await page.route(/fonts/, route => route.fulfill({ body: '' })) // its pages want some from elsewhere
  const provider = await start(t)
  const name = unique('Certified')
  const connection = await api('POST', '/connections', {
    name,
    provider: { kind: 'oidc', issuer: provider.at, authoritative_domains: ['northwind.example'] },
    ...client,
  })
  provider.comesBackTo(connection.redirect_uri)
  const desk = await expenseDesk()
  const before = await setPolicy(desk.id, policy => ({ ...policy, connections: [...policy.connections, connection.id] }))
  t.after(() => setPolicy(desk.id, () => before))

  const email = address('radia')
  const { link } = await invite(email, { profile: {} })
  await page.goto(link)
  await page.click('#submit')
  await page.getByRole('button', { name: new RegExp(name) }).click()
  await page.fill('input[name=login]', email)
  await page.fill('input[name=password]', 'anything')
  await page.click('button[type=submit]')
  await page.getByRole('button', { name: 'Continue' }).click()
  await page.waitForSelector('#submit')
  assert.equal(await page.inputValue('#given_name'), 'Radia')
  await page.click('#submit')
  await page.waitForSelector('#signed-in-as')
  assert.match(await page.textContent('#signed-in-as'), /Radia Perlman/)
  assert.equal(await page.textContent('#email'), email)
})
