import { existsSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { MarkdownRenderer } from 'vitepress'
import { pageOf } from './pages'

interface Options {
  repository: string
  /** The repository's address on its forge, if package.json names one. */
  source: string | undefined
}

type Token = ReturnType<MarkdownRenderer['parse']>[number]

/**
 * Makes relative links work on the forge and on the site: a link to a page leads to the page, one to any other file to
 * the forge. Without an address of the forge it is no link.
 */
export function relativeLinks(md: MarkdownRenderer, options: Options): void {
  md.core.ruler.push('relative links', state => {
    const page = state.env?.realPath ?? state.env?.path
    // A title is text without a page.
    if (!page) return
    const folder = dirname(page)
    for (const { children } of state.tokens) {
      for (const [index, token] of (children ?? []).entries()) {
        if (token.type === 'link_open') rewrite(token, closing(children ?? [], index), folder, options)
      }
    }
  })
}

function rewrite(opening: Token, closing: Token | undefined, folder: string, { repository, source }: Options): void {
  const target = opening.attrGet('href') ?? ''
  if (/^([a-z]+:|#|\/)/.test(target)) return
  const [path = '', anchor] = target.split('#')
  const file = relative(repository, existing(path, folder, repository))
  const page = pageOf(file)
  if (page !== undefined) opening.attrSet('href', `/${page}${anchor ? `#${anchor}` : ''}`)
  else if (source) opening.attrSet('href', `${source}/blob/HEAD/${file}`)
  else for (const end of [opening, closing]) unlink(end)
}

/** The file beside the page, or, for text that is included from the README, beside that. */
function existing(path: string, folder: string, repository: string): string {
  const found = [resolve(folder, path), join(repository, path)].find(existsSync)
  if (!found) throw new Error(`there is no ${path}, to which a page in ${folder} has a link`)
  return found
}

function closing(tokens: Token[], index: number): Token | undefined {
  return tokens.slice(index).find(({ type }) => type === 'link_close')
}

function unlink(token: Token | undefined): void {
  if (!token) return
  token.tag = 'span'
  token.attrs = null
}
