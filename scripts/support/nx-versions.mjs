// The Nx versions that we run against: the last release of each major version.
import { installedOnce } from './installed-tool.mjs'

export const nxVersions = { 20: '20.8.4', 21: '21.6.10', 22: '22.6.5', 23: '23.3.2', 24: '24.0.6' }

export const newestNx = nxVersions[24]

/** The directory with the `node_modules` of an Nx version, kept so that a workspace takes a second to make. */
export function nxInstallation(version) {
  return installedOnce(`workspaces/nx-${version}`, [`nx@${version}`])
}
