// Every server, in the order of the table.
import { ceph } from './ceph.mjs'
import { garage } from './garage.mjs'
import { minio } from './minio.mjs'
import { moto } from './moto.mjs'
import { rclone } from './rclone.mjs'
import { s3sFs } from './s3s-fs.mjs'
import { seaweedfs } from './seaweedfs.mjs'
import { swift } from './swift.mjs'
import { versitygw } from './versitygw.mjs'

/**
 * Each has a `name`, a `title`, its `version` and the `settings` it needs; `install()` gets it, and `start(directory,
 * installed)` resolves to what `tests/it/object_store/survey/server.rs` takes for a description, and `stop()`.
 */
export const servers = [ceph, garage, minio, moto, rclone, s3sFs, seaweedfs, swift, versitygw]
