import { execFileSync } from 'node:child_process'
import type { Tree } from '@nx/devkit'

/** A repository on GitHub or on a server of GitHub Enterprise. */
interface Repository {
  host: string
  /** `owner/repository` */
  name: string
}

/**
 * The identity by which runs of this workspace's CI can sign without a key, where that can be told from its files and its
 * git remote: that of GitHub Actions. It is pinned to the repository's number where the `gh` command knows it.
 */
export function proposedIdentity(tree: Tree): string | undefined {
  if (!tree.exists('.github/workflows')) return undefined
  const repository = repositoryOf(output(tree.root, 'git', ['remote', 'get-url', 'origin']) ?? '')
  if (!repository) return undefined
  const { host, name } = repository
  const number = output(tree.root, 'gh', ['api', '--hostname', host, `repos/${name}`, '--jq', '.id'])
  const pin = number && /^[1-9]\d*$/.test(number) ? `#${number}` : ''
  return host === 'github.com' ? `github:${name}${pin}` : `github-enterprise:${host}/${name}${pin}`
}

/**
 * The repository behind `git@github.com:acme/shop.git` or `https://github.com/acme/shop`. Only a web address's port is the
 * issuer's, too.
 */
export function repositoryOf(remote: string): Repository | undefined {
  const { host, path } = addressOf(remote) ?? {}
  const name = /^\/?(?<name>[\w.-]+\/[\w.-]+?)(?:\.git)?\/?$/.exec(path ?? '')?.groups?.['name']
  return host && name && /^[\w.-]+(?::\d+)?$/.test(host) ? { host: host.toLowerCase(), name } : undefined
}

function addressOf(remote: string): { host: string; path: string } | undefined {
  const short = /^[^@/]+@(?<host>[\w.-]+):(?<path>.*)$/.exec(remote)?.groups
  if (short) return { host: short['host'] ?? '', path: short['path'] ?? '' }
  if (!/^(?:https?|ssh):\/\//.test(remote) || !URL.canParse(remote)) return undefined
  const { protocol, host, hostname, pathname } = new URL(remote)
  return { host: protocol === 'ssh:' ? hostname : host, path: pathname }
}

/** What a command prints; nothing where it isn't there, fails or takes long. */
function output(cwd: string, command: string, words: string[]): string | undefined {
  try {
    const text = execFileSync(command, words, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 5_000,
      windowsHide: true,
    })
    return text.trim()
  } catch {
    return undefined
  }
}
