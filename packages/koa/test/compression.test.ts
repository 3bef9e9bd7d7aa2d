import { compression } from '@wardstone/koa'
import compress from 'koa-compress'
import { compressionTests } from '../../http/test/compression-kit.ts'
import { koaHostWith } from './host.ts'

compressionTests(koaHostWith(compression(compress)), { always: true })
