// From an invitation to validated tokens, with a certified relying party.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as oidc from 'openid-client'

import { api, issuer, unique } from '../support/usher.mjs'
import { Browser } from './browser.mjs'
import { application, applicationWithPerson, callback, discover, invite, password, request, signIn, signUp, tokens } from './relying-party.mjs'

test('discovery tells the truth, in both of its places', async () => {
  const made = await application()
  const server = (await discover(made)).serverMetadata()
  assert.equal(server.issuer, issuer)
  assert.ok(server.id_token_signing_alg_values_supported.includes('RS256'))
  assert.deepEqual(server.code_challenge_methods_supported, ['S256'])
  assert.equal(server.authorization_response_iss_parameter_supported, true)
  const oauth = await oidc.discovery(new URL(issuer), made.clientId, undefined, oidc.ClientSecretBasic(made.secret), {
    algorithm: 'oauth2',
    execute: [oidc.allowInsecureRequests],
  })
  assert.equal(oauth.serverMetadata().token_endpoint, server.token_endpoint)
  for (const endpoint of ['jwks_uri', 'authorization_endpoint', 'userinfo_endpoint', 'introspection_endpoint', 'revocation_endpoint', 'end_session_endpoint']) {
    assert.ok(server[endpoint].startsWith(issuer), endpoint)
  }
})

test('R20 R127 an invitation that the application hands on ends with tokens that carry the groups (R45, R122)', async () => {
  const [invited, assigned] = await Promise.all(['Invited', 'Assigned'].map(name => api('POST', '/groups', { name: unique(name) })))
  const made = await application()
  await api('PUT', `/applications/${made.id}/groups`, { groups: [assigned.id] })
  const config = await discover(made)
  const { email, link } = await invite(made.id, { groups: [invited.id] })
  const token = link.split('/').at(-1)

  const browser = new Browser()
  const { url, checks } = await request(config, { invitation: token })
  let page = await browser.open(url)
  if (page.root.querySelector('input[name="password"]') === null) page = await browser.submit(page)
  assert.equal(Browser.values(page).given_name, 'Ada', 'R25: pre-filled values are in the fields')
  const answer = await browser.submit(page, { password })
  assert.ok(answer.left, `still on ${answer.url}: ${answer.heading}`)
  assert.equal(answer.left.searchParams.get('iss'), issuer)

  const answered = await oidc.authorizationCodeGrant(config, answer.left, checks)
  const claims = answered.claims()
  assert.deepEqual([...claims.groups].sort(), [invited.name, assigned.name].sort())
  assert.equal(claims.aud, made.clientId)
  assert.equal(claims.nonce, checks.expectedNonce)
  const person = await oidc.fetchUserInfo(config, answered.access_token, claims.sub)
  assert.equal(person.email, email)
  assert.equal(person.email_verified, true)
  assert.equal(person.family_name, 'Lovelace')
  const { status } = await api('GET', `/invitations?email=${encodeURIComponent(email)}`).then(page => page.items[0])
  assert.equal(status, 'done')
})

test('somebody who has an account signs in with it', async () => {
  const { email, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const browser = new Browser()
  const { url, checks } = await request(config, { login_hint: email })
  const page = await browser.open(url)
  assert.equal(Browser.values(page).username, email, 'the hint fills the field')
  const wrong = await browser.submit(page, { username: email, password: 'not this one' })
  assert.equal(wrong.left, undefined)
  const answer = await signIn(browser, wrong, email)
  const answered = await oidc.authorizationCodeGrant(config, answer.left, checks)
  assert.equal(answered.token_type, 'bearer')
  assert.ok(answered.refresh_token)
})

test('a signed-in browser comes back without a page; prompt and max_age make it ask', async () => {
  const { email, browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const silent = await tokens(config, browser, { prompt: 'none' })
  assert.ok(silent.claims().sub)

  const { url } = await request(config, { prompt: 'login' })
  const page = await browser.open(url)
  assert.ok(page.root.querySelector('input[name="password"]'), 'prompt=login asks again')

  const { url: aged, checks } = await request(config, { max_age: '0' })
  const again = await signIn(browser, await browser.open(aged), email)
  const fresh = await oidc.authorizationCodeGrant(config, again.left, { ...checks, maxAge: 60 })
  assert.ok(fresh.claims().auth_time >= silent.claims().iat - 60)

  const stranger = await new Browser().open((await request(config, { prompt: 'none' })).url)
  assert.equal(stranger.left.searchParams.get('error'), 'login_required')
})

test('form_post brings the answer in a form', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const { url, checks } = await request(config, { response_mode: 'form_post' })
  const page = await browser.open(url)
  const { left, form } = await browser.submit(page, {}, 'form[method="post"]')
  assert.equal(left.href, callback)
  const post = new Request(left, { method: 'POST', body: form })
  const answered = await oidc.authorizationCodeGrant(config, post, checks)
  assert.ok(answered.id_token)
})

for (const algorithm of ['RS256', 'ES256', 'EdDSA']) {
  test(`ID tokens signed with ${algorithm}`, async () => {
    const { browser, ...made } = await applicationWithPerson({ id_token_alg: algorithm })
    const config = await discover(made, undefined, { id_token_signed_response_alg: algorithm === 'EdDSA' ? 'EdDSA' : algorithm })
    const answered = await tokens(config, browser)
    const header = JSON.parse(Buffer.from(answered.id_token.split('.')[0], 'base64url'))
    assert.equal(header.alg, algorithm)
  })
}

test('a client without a secret signs people in with PKCE alone, once they have agreed (RFC 8252 section 8.6)', async () => {
  const { browser, ...made } = await applicationWithPerson({ authentication: 'none' })
  const config = await discover(made, oidc.None())
  const { url, checks } = await request(config)
  const page = await browser.open(url)
  // Another program could listen on the same port, so the person is asked every time (RFC 8252 section 8.6).
  const { left } = await browser.submit(page, consent(page, 'allow'))
  const answered = await oidc.authorizationCodeGrant(config, left, checks)
  const renewed = await oidc.refreshTokenGrant(config, answered.refresh_token)
  assert.ok(renewed.access_token)
})

test('consent is asked where the client wants it, and can be refused', async () => {
  const { browser, ...made } = await applicationWithPerson({ consent: 'ask' })
  const config = await discover(made)
  const first = await request(config)
  const page = await browser.open(first.url)
  const refused = await browser.submit(page, consent(page, 'deny'))
  assert.equal(refused.left.searchParams.get('error'), 'access_denied')
  assert.equal(refused.left.searchParams.get('state'), first.checks.expectedState)

  const second = await request(config)
  const again = await browser.open(second.url)
  const allowed = await browser.submit(again, consent(again, 'allow'))
  await oidc.authorizationCodeGrant(config, allowed.left, second.checks)
  assert.ok((await tokens(config, browser)).id_token, 'given once, it is not asked again')
})

function consent(page, choice) {
  const button = page.root.querySelector(`#consent-${choice}`)
  return { [button.getAttribute('name')]: button.getAttribute('value') ?? '' }
}

test('prompt=create opens the sign-up of an application that is open to all', async () => {
  const made = await application({}, { policy: { sign_up: 'open' } })
  const config = await discover(made)
  const page = await new Browser().open((await request(config, { prompt: 'create' })).url)
  assert.ok(page.root.querySelector('input[name="password"]'))
  assert.ok(page.url.pathname.startsWith('/sign-up'))
})

test('requests that are wrong are refused where the person is, or where the application can tell', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const elsewhere = await browser.open((await request(config, { redirect_uri: 'http://127.0.0.1:4711/elsewhere' })).url)
  assert.equal(elsewhere.status, 400)
  assert.equal(elsewhere.left, undefined)

  const { url } = await request(config)
  const without = new URL(url)
  without.searchParams.delete('code_challenge')
  without.searchParams.delete('code_challenge_method')
  assert.equal((await browser.open(without)).left.searchParams.get('error'), 'invalid_request')

  const implicit = new URL(url)
  implicit.searchParams.set('response_type', 'token')
  const refused = (await browser.open(implicit)).left
  assert.match(refused.href, /error=unsupported_response_type/)

  const twice = new URL(url)
  twice.searchParams.append('state', 'again')
  const doubled = await browser.open(twice)
  assert.ok(doubled.status === 400 || /error=invalid_request/.test(doubled.left.href))
})

test('a code is good once, for who asked, with what they hold', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const { url, checks } = await request(config)
  const { left } = await browser.open(url)
  const answered = await oidc.authorizationCodeGrant(config, left, checks)
  await assert.rejects(oidc.authorizationCodeGrant(config, left, checks), { error: 'invalid_grant' })
  await assert.rejects(oidc.refreshTokenGrant(config, answered.refresh_token), { error: 'invalid_grant' }, 'the first tokens ended, too')

  const other = await request(config)
  const code = await browser.open(other.url)
  const wrong = { ...other.checks, pkceCodeVerifier: oidc.randomPKCECodeVerifier() }
  await assert.rejects(oidc.authorizationCodeGrant(config, code.left, wrong), { error: 'invalid_grant' })
})

test('R128 opening the link changes nothing, however often', async () => {
  const made = await application()
  const { link, invitation } = await invite(made.id)
  for (const method of ['GET', 'HEAD', 'GET']) await fetch(link, { method })
  assert.equal((await api('GET', `/invitations/${invitation.id}`)).status, 'pending')
  const answer = await signUp(new Browser(), link)
  assert.ok(answer.left ?? answer.url.pathname.startsWith('/welcome'))
})

test('scopes that are not asked for tell nothing', async () => {
  const { browser, ...made } = await applicationWithPerson()
  const config = await discover(made)
  const answered = await tokens(config, browser, { scope: 'openid' })
  const person = await oidc.fetchUserInfo(config, answered.access_token, answered.claims().sub)
  assert.deepEqual(Object.keys(person), ['sub'])
  assert.equal(answered.claims().groups, undefined)
})
