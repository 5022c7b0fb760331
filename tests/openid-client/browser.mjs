// A browser without a screen and without JavaScript: follows redirects, keeps cookies, fills in forms.
// It stops where it would leave the provider, so that redirect URIs need no server.
import { parse } from 'node-html-parser'
import { CookieJar } from 'tough-cookie'

import { issuer } from '../support/usher.mjs'

export class Browser {
  #jar = new CookieJar()

  /** Opens an address. Gives back the page, or where the provider sent us to (`{ left: URL }`). */
  async open(address, init = {}) {
    let url = new URL(address)
    for (let hops = 0; hops < 20; hops++) {
      if (url.origin !== issuer) return { left: url }
      const cookie = await this.#jar.getCookieString(url.href)
      const response = await fetch(url, { ...init, redirect: 'manual', headers: { cookie, ...init.headers } })
      for (const set of response.headers.getSetCookie()) await this.#jar.setCookie(set, url.href)
      if (response.status >= 300 && response.status < 400) {
        url = new URL(response.headers.get('location'), url)
        if (response.status !== 307 && response.status !== 308) init = {}
        continue
      }
      return this.#page(url, response)
    }
    throw new Error(`too many redirects, last to ${url}`)
  }

  async #page(url, response) {
    const text = await response.text()
    const root = parse(text)
    return { url, status: response.status, headers: response.headers, root, text, heading: root.querySelector('h1')?.text.trim() }
  }

  /** Sends a form of a page as its button would. `form` is a selector, for pages with several. */
  async submit(page, values = {}, form = 'main form[method="post"]') {
    const element = page.root.querySelector(form)
    if (!element) throw new Error(`no ${form} on ${page.url} (${page.heading}): ${page.text.slice(0, 2000)}`)
    const fields = new URLSearchParams()
    for (const input of element.querySelectorAll('input, textarea, select, button')) {
      const name = input.getAttribute('name')
      if (!name || name in values || input.hasAttribute('disabled') || input.tagName === 'BUTTON') continue
      const type = input.getAttribute('type')
      if (['checkbox', 'radio'].includes(type) && !input.hasAttribute('checked')) continue
      if (input.tagName === 'SELECT') {
        fields.append(name, (input.querySelector('option[selected]') ?? input.querySelector('option'))?.getAttribute('value') ?? '')
      } else {
        fields.append(name, input.tagName === 'TEXTAREA' ? input.text : (input.getAttribute('value') ?? ''))
      }
    }
    for (const [name, value] of Object.entries(values)) fields.append(name, value)
    const action = new URL(element.getAttribute('action') || page.url, page.url)
    if (action.origin !== issuer) return { left: action, form: fields }
    return this.open(action, {
      method: 'POST',
      body: fields,
      headers: { origin: issuer, 'sec-fetch-site': 'same-origin' },
    })
  }

  /** The values that a page's form already carries. */
  static values(page) {
    const inputs = page.root.querySelectorAll('main form[method="post"] input')
    return Object.fromEntries(inputs.map(input => [input.getAttribute('name'), input.getAttribute('value') ?? '']))
  }
}
