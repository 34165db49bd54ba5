import type { GeneratorCallback, Tree } from '@nx/devkit'
import { commandsOf } from '../commands'
import { format } from '../format'
import { fileOfSection } from '../section'
import { say } from '../words'
import { ciSystemsOf } from './ci-systems'
import { closingWords } from './closing-words'
import { defaultBranch } from './default-branch'
import { type MadeKey, makeKeyPair } from './key-pair'
import { checkSecretFile, defaultSecretFile, writeSecret } from './secret-file'
import { keyNames, readTrust, writeTrust } from './settings'

/** What `nx g nx-s3-cache:trust` takes; schema.json describes it. */
export interface TrustOptions {
  name?: string
  branches?: string[]
  policy?: string
  secretFile?: string
  skipFormat?: boolean
}

/**
 * `nx g nx-s3-cache:trust`: makes a key pair, writes its public half to nx.json and its secret half to a file outside
 * version control, and says where that belongs. Where there are keys already, only `--name` makes another.
 */
export default async function trust(tree: Tree, options: TrustOptions): Promise<GeneratorCallback> {
  const before = readTrust(tree)
  const branch = defaultBranch(tree)
  const newKey = options.name !== undefined || keyNames(before).length === 0
  const made = newKey ? makeKey(tree, options.name ?? nameFor(branch), options.secretFile) : undefined
  const after = writeTrust(tree, { ...options, newKey: made?.publicKey, defaultBranch: branch })
  if (!options.skipFormat) await format(tree)
  const words = closingWords({
    before,
    after,
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
