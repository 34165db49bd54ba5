// s3s-fs behind our own listener: the development server of this repository.
import { mustRun } from '../support/command.mjs'
import { forThisPlatform, repository } from '../support/paths.mjs'
import { startS3Server } from '../support/s3-server.mjs'

export const s3sFs = {
  name: 's3s-fs',
  title: 's3s-fs',
  version: '0.14.1, as in `npm test`',
  settings: '`forcePathStyle`',
  install: () =>
    mustRun('cargo', ['build', '--example', 'dev_s3_server', ...forThisPlatform], {
      cwd: repository,
      timeout: 3_600_000,
    }),
  async start() {
    const server = await startS3Server({ buckets: ['tbucket'] })
    return {
      endpoint: server.endpoint,
      hostStyle: server.endpoint.replace('127.0.0.1', 's3.localhost'),
      keys: { id: server.accessKeyId, secret: server.secretAccessKey },
      stop: () => server.stop(),
    }
  },
}
