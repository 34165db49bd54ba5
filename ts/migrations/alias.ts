import type { Tree } from '@nx/devkit'
import { installAlias } from '../generators/init/dependencies'

/**
 * For workspaces that list this package under both of its names: `nx migrate nx-s3-cache` has changed the version of one,
 * and the other follows. Part of every release, so that each upgrade runs it.
 */
export default function alias(tree: Tree): void {
  installAlias(tree, { keepOwn: true })
}
