import type { GeneratorCallback, Tree } from '@nx/devkit'
import { commandsOf } from '../commands'
import { format } from '../format'
import { fileOfSection } from '../section'
import { isYes, terminal } from '../terminal'
import { say } from '../words'
import { ciSystemsOf } from './ci-systems'
import { closingWords } from './closing-words'
import { defaultBranch } from './default-branch'
import { proposedIdentity } from './identity'
import { type MadeKey, makeKeyPair } from './key-pair'
import { checkSecretFile, defaultSecretFile, writeSecret } from './secret-file'
import { keyNames, readTrust, writeTrust } from './settings'

/** What `nx g nx-s3-cache:trust` takes; schema.json describes it. */
export interface TrustOptions {
  identity?: string
  name?: string
  branches?: string[]
  policy?: string
  secretFile?: string
  skipFormat?: boolean
}

/**
 * `nx g nx-s3-cache:trust`: lets the workspace's CI runs sign by the identity that their CI system vouches for. Where it
 * has none, or a key is wanted, it makes a key pair, writes its public half to nx.json and its secret half to a file outside
 * version control, and says where that belongs. Where somebody may sign already, only `--identity` and `--name` add another.
 */
export default async function trust(tree: Tree, options: TrustOptions): Promise<GeneratorCallback> {
  const before = readTrust(tree)
  const branch = defaultBranch(tree)
  const nobody = keyNames(before).length === 0 && (before.identities ?? []).length === 0
  const identity = await newIdentity(tree, options, nobody)
  const newKey = options.name !== undefined || (nobody && !identity)
  const made = newKey ? makeKey(tree, options.name ?? nameFor(branch), options.secretFile) : undefined
  const changes = { ...options, newIdentity: identity, newKey: made?.publicKey, defaultBranch: branch }
  const after = writeTrust(tree, changes)
  if (!options.skipFormat) await format(tree)
  const words = closingWords({
    before,
    after,
    identity,
    made,
    file: fileOfSection(tree),
    ciSystems: ciSystemsOf(tree),
    commands: commandsOf(tree),
  })
  // Not before nx.json is written, and not at all in a dry run.
  return () => {
    if (made) writeSecret(made)
    say(words)
  }
}

/** The identity to add: the one that was asked for, else, where nobody signs yet, the one of the workspace's CI runs. */
async function newIdentity(tree: Tree, options: TrustOptions, nobody: boolean): Promise<string | undefined> {
  if (options.identity !== undefined) return options.identity
  const proposed = nobody && options.name === undefined ? proposedIdentity(tree) : undefined
  const shell = proposed && terminal()
  if (!shell) return proposed
  try {
    return isYes(await shell.ask(`Let the runs of ${proposed} sign what they store, without any key? (Y/n) `))
      ? proposed
      : undefined
  } finally {
    shell.close()
  }
}

function makeKey(tree: Tree, name: string, secretFile: string | undefined): MadeKey {
  const taken = keyNames(readTrust(tree))
  const pair = makeKeyPair(name, taken)
  const path = secretFile ?? defaultSecretFile(tree.root, name)
  return { name, ...pair, secretFile: checkSecretFile(tree.root, path) }
}

/** `main-2026`; a branch's name may have characters that a key's may not. */
function nameFor(branch: string): string {
  const safe = branch.replace(/[^A-Za-z0-9._-]+/g, '-').slice(0, 50)
  return `${safe}-${new Date().getFullYear()}`
}
