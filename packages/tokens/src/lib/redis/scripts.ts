import { script } from '@wardstone/redis'
import * as lua from './lua.ts'

const named = (name: string, source: string) => script(source, { name: `sessions.${name}`, buffers: true })

/** One script a verb. */
export const scripts = {
  create: named('create', lua.CREATE),
  rotate: named('rotate', lua.ROTATE),
  confirm: named('confirm', lua.CONFIRM),
  end: named('end', lua.END),
  announce: named('announce', lua.ANNOUNCE),
  endOthers: named('end_others', lua.END_OTHERS),
  moveEpoch: named('move_epoch', lua.MOVE_EPOCH),
  proposeEveryone: named('propose_everyone', lua.PROPOSE_EVERYONE),
  endEveryone: named('end_everyone', lua.END_EVERYONE),
  epochs: named('epochs', lua.EPOCHS),
  judge: named('judge', lua.JUDGE),
  list: named('list', lua.LIST),
}
