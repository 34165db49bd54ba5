// @nx-aws-plugin/nx-aws-cache: its class that talks to S3, called as its runner calls it.
import { createRequire } from 'node:module'
import { join } from 'node:path'

export async function open({ awsCache, bucket, endpoint }) {
  // Its logger asks Nx's devkit for a printer, which it uses only when told to be verbose.
  const { AwsCache } = createRequire(import.meta.url)(join(awsCache, 'src/tasks-runner/aws-cache'))
  const messages = {}
  const cache = new AwsCache(
    { awsBucket: bucket, awsEndpoint: endpoint, awsRegion: 'us-east-1', awsForcePathStyle: true },
    messages,
  )
  const orThrow = answer => {
    if (messages.error) throw messages.error
    return answer
  }
  return {
    retrieve: async (hash, directory) => orThrow(await cache.retrieve(hash, directory)),
    store: async (hash, directory) => orThrow(await cache.store(hash, directory)),
    finish: () => cache.waitForStoreRequestsToComplete(),
  }
}
