import { compression } from '@wardstone/express'
import compress from 'compression'
import { compressionTests } from '../../http/test/compression-kit.ts'
import { expressHostWith } from './host.ts'

compressionTests(expressHostWith(compression(compress)))
