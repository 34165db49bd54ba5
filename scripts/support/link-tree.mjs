import { copyFileSync, linkSync, mkdirSync, readdirSync, readlinkSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'

/** Copies a directory whose files nobody will change in place: by hard links where the file system allows it. */
export function linkTree(from, to) {
  mkdirSync(to, { recursive: true })
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, destination] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) linkTree(source, destination)
    else if (entry.isSymbolicLink()) symlinkSync(readlinkSync(source), destination)
    else linkFile(source, destination)
  }
}

function linkFile(source, destination) {
  try {
    linkSync(source, destination)
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK'].includes(error.code)) throw error
    copyFileSync(source, destination)
  }
}
