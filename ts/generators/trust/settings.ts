import type { Tree } from '@nx/devkit'
import { commandsOf } from '../commands'
import { Refusal } from '../refusal'
import { editSection, fileOfSection, readSection } from '../section'

/** The `trust` group of the `s3` section, as far as this generator knows it. */
export interface Trust {
  identities?: string[]
  publicKeys?: string[]
  branches?: string[]
  policy?: string
  [key: string]: unknown
}

/** What is to change. */
export interface Changes {
  newIdentity: string | undefined
  newKey: string | undefined
  branches?: string[]
  policy?: string
  /** The one branch that is trusted where nothing else is said. */
  defaultBranch: string
}

/** The group in effect, `{}` when there is none. Stops where there is nothing to protect yet. */
export function readTrust(tree: Tree): Trust {
  const section = readSection(tree)
  if (!section) {
    throw new Refusal(
      'There is no S3 cache to protect yet: nx.json has no "s3" section.',
      `Set the cache up first: ${commandsOf(tree).nx('g @nx/s3-cache:init --bucket=my-bucket')}`,
    )
  }
  const trust = (section['trust'] ?? {}) as Trust
  for (const key of ['identities', 'publicKeys', 'branches']) {
    if (trust[key] !== undefined && !Array.isArray(trust[key])) {
      throw new Refusal(`"s3.trust.${key}" in nx.json is not a list. Correct or remove it, and run this again.`)
    }
  }
  return trust
}

/** The names of the keys that are listed: what stands before the colon. */
export function keyNames({ publicKeys = [] }: Trust): string[] {
  return publicKeys.map(key => String(key).trim().split(':', 1)[0] ?? '')
}

/** Writes the changes to where the section is, and returns the group as it is now. Everything else stays. */
export function writeTrust(tree: Tree, changes: Changes): Trust {
  const after = changed(readTrust(tree), changes)
  editSection(tree, fileOfSection(tree), section => ({ ...section, trust: after }))
  return after
}

function changed(before: Trust, { newIdentity, newKey, branches, policy, defaultBranch }: Changes): Trust {
  if (branches?.length === 0) throw new Refusal('--branches names no branch. Name at least one, such as main.')
  const after: Trust = {
    ...before,
    ...listWith('identities', before, newIdentity),
    ...listWith('publicKeys', before, newKey),
    branches: branches ?? before.branches ?? [defaultBranch],
  }
  // Where somebody signs, "shared" would be a contradiction.
  if (after.policy === 'shared') delete after.policy
  return policy ? { ...after, policy } : after
}

/** The list with one more, if there is one. */
function listWith(list: 'identities' | 'publicKeys', before: Trust, more: string | undefined): Trust {
  const known = before[list] ?? []
  return more === undefined || known.includes(more) ? {} : { [list]: [...known, more] }
}
