import type { Tree } from '@nx/devkit'
import { devkit } from './json'

/** What a user types in this workspace. */
export interface Commands {
  /** Runs Nx with these words. */
  nx: (words: string) => string
  /** Runs our command line with these words. */
  ours: (words: string) => string
}

/** The commands as the workspace's package manager has them. */
export function commandsOf(tree: Tree): Commands {
  const { exec } = packageManager(tree)
  const nx = tree.exists('package.json') ? `${exec} nx` : './nx'
  return { nx: words => `${nx} ${words}`, ours: words => `${exec} nx-s3-cache ${words}` }
}

/** What installs packages and runs their programs in this workspace. */
export function packageManager(tree: Tree): { exec: string; install: string } {
  const { detectPackageManager, getPackageManagerCommand } = devkit()
  const name = detectPackageManager(tree.root)
  try {
    return getPackageManagerCommand(name, tree.root)
  } catch {
    // It asks the package manager for its version, and that isn't there.
    return { exec: 'npx', install: `${name} install` }
  }
}
