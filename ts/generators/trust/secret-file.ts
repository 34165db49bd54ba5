import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { Refusal } from '../refusal'
import type { MadeKey } from './key-pair'

/** Read and written by its owner alone. */
const OWNERS_FILE = 0o600
const OWNERS_FOLDER = 0o700

/**
 * Where a secret key goes unless the user says otherwise: the home directory. Whatever commits, packs, copies or
 * indexes the workspace doesn't find it there, and nothing keeps it as terminals and logs keep what is printed.
 */
export function defaultSecretFile(root: string, keyName: string): string {
  const workspace = basename(root).replace(/[^A-Za-z0-9._-]+/g, '-')
  return join(homedir(), '.nx-s3-cache', `${workspace}-${keyName}.secret`)
}

/** The absolute path of the file, if a secret may be written there. */
export function checkSecretFile(root: string, file: string): string {
  const path = resolve(root, file)
  if (existsSync(path)) {
    throw new Refusal(
      `${path} exists already, and may hold a key that is in use.`,
      'Remove it if it is not needed any more, or choose another place with --secretFile.',
    )
  }
  if (wouldBeCommitted(path)) {
    throw new Refusal(
      `${path} would be under version control, where a secret must not be.`,
      'Add it to .gitignore first, or choose another place with --secretFile.',
    )
  }
  return path
}

/** Writes the secret key to its file, which must not exist yet. Without a line's end, so that it can be pasted whole. */
export function writeSecret({ name, secretKey, secretFile }: MadeKey): void {
  try {
    mkdirSync(dirname(secretFile), { recursive: true, mode: OWNERS_FOLDER })
    writeFileSync(secretFile, secretKey, { flag: 'wx', mode: OWNERS_FILE })
  } catch (error) {
    throw new Refusal(
      `The secret key could not be written: ${error instanceof Error ? error.message : String(error)}.`,
      `It is lost, so remove ${name} from s3.trust.publicKeys, and run this again with another --secretFile.`,
    )
  }
}

/** Whether git sees a file of this name and doesn't ignore it. Without git, or outside its folders, it doesn't. */
function wouldBeCommitted(path: string): boolean {
  const NOT_IGNORED = 1
  const cwd = existingFolder(dirname(path))
  return spawnSync('git', ['check-ignore', '--quiet', path], { cwd, stdio: 'ignore' }).status === NOT_IGNORED
}

function existingFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : existingFolder(dirname(path))
}
