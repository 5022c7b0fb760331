// Applications made for one test, and what a relying party does with the provider: written once for all test files.
import * as oidc from 'openid-client'

import { address, api, expenseDesk, issuer, letterTo, linkIn, unique } from '../support/usher.mjs'
import { Browser } from './browser.mjs'

export const callback = 'http://127.0.0.1:4711/callback'
export const signedOut = 'http://127.0.0.1:4711/signed-out'
export const password = 'seven quiet lighthouses blink'
export const scope = 'openid profile email groups offline_access'

/** An application with its client, in the store of the demo's people; `settings` are the client's, `more` the application's. */
export async function application(settings = {}, more = {}) {
  const { store } = await expenseDesk()
  const answer = await api('POST', '/applications', {
    store,
    application: { name: unique('Relying party'), ...more },
    client: { redirect_uris: [callback], post_logout_redirect_uris: [signedOut], ...settings },
  })
  return { id: answer.application.id, clientId: answer.client.id, secret: answer.client_secret }
}

/** The library's view of the provider, with signatures checked even where TLS would do. */
export async function discover({ clientId, secret }, authentication, metadata) {
  authentication ??= secret ? oidc.ClientSecretBasic(secret) : oidc.None()
  return oidc.discovery(new URL(issuer), clientId, metadata, authentication, {
    execute: [oidc.allowInsecureRequests, oidc.enableNonRepudiationChecks],
  })
}

/** An authorization request, and what its answer has to be checked against. */
export async function request(config, parameters = {}) {
  const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
  const checks = { pkceCodeVerifier, expectedState: oidc.randomState(), expectedNonce: oidc.randomNonce(), idTokenExpected: true }
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: callback,
    scope,
    code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
    state: checks.expectedState,
    nonce: checks.expectedNonce,
    ...parameters,
  })
  return { url, checks }
}

/** Invites somebody and gives back the link that the letter carries. */
export async function invite(applicationId, more = {}) {
  const email = more.email ?? address('ada')
  const profile = { given_name: 'Ada', family_name: 'Lovelace' }
  const invitation = await api('POST', '/invitations', { application: applicationId, email, profile, ...more })
  return { email, invitation, link: linkIn(await letterTo(email)) }
}

/** From the letter to a finished account; ends where the application would take over. */
export async function signUp(browser, link, fields = {}) {
  const landing = await browser.open(link)
  const form = await browser.submit(landing)
  return browser.submit(form, { password, ...fields })
}

/** Signs in on the page that the provider shows; ends where the application would take over. */
export async function signIn(browser, page, username) {
  return browser.submit(page, { username, password })
}

/** An application with somebody who has an account in it. */
export async function applicationWithPerson(settings, more) {
  const made = await application(settings, more)
  const { email, link } = await invite(made.id)
  const browser = new Browser()
  await signUp(browser, link)
  return { ...made, email, browser }
}

/** The whole sign-in of somebody whose browser has a session: request, answer, tokens. */
export async function tokens(config, browser, parameters) {
  const { url, checks } = await request(config, parameters)
  const answer = await browser.open(url)
  if (!answer.left) throw new Error(`not sent back, but shown: ${answer.heading}\n${answer.text}`)
  return oidc.authorizationCodeGrant(config, answer.left, checks)
}
