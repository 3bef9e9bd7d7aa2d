/** A node as Redis Cluster writes it: in `nodes.conf`, and as the answer to CLUSTER NODES. */
export interface ClusterNode {
  readonly id: string
  readonly port: number
  /** The port on which nodes talk to each other. */
  readonly bus: number
  /** The id of the master that it follows; it is a master without one. */
  readonly masterId?: string | undefined
  /** The slots that it serves, both ends included. */
  readonly slots: readonly (readonly [from: number, to: number])[]
}

/** Reads nodes, one a line: `<id> <ip>:<port>@<bus> <flags> <master> <ping> <pong> <epoch> <link> <slots>...`. */
export function readNodes(text: string): readonly ClusterNode[] {
  return text.split('\n').flatMap((line) => {
    const [id, address, , master, , , , link, ...slots] = line.trim().split(' ')
    const [, port, bus] = /:(\d+)@(\d+)/.exec(address ?? '') ?? []
    if (id === undefined || link === undefined) return []
    const ranges = slots.filter((slot) => !slot.startsWith('[')).map((slot) => slot.split('-').map(Number))
    return {
      id,
      port: Number(port),
      bus: Number(bus),
      masterId: master === '-' ? undefined : master,
      slots: ranges.map(([from = 0, to = from]) => [from, to] as const),
    }
  })
}

/** Writes the file with which a node wakes up in a cluster that has never met: nobody is introduced, nothing is moved. */
export function writeNodes(nodes: readonly ClusterNode[], self: ClusterNode): string {
  const masters = nodes.filter((node) => node.masterId === undefined)
  const lines = nodes.map((node) => {
    const flags = `${node === self ? 'myself,' : ''}${node.masterId === undefined ? 'master' : 'slave'}`
    const epoch = 1 + masters.findIndex(({ id }) => id === (node.masterId ?? node.id))
    const slots = node.slots.map(([from, to]) => ` ${from}-${to}`).join('')
    return `${node.id} 127.0.0.1:${node.port}@${node.bus} ${flags} ${node.masterId ?? '-'} 0 0 ${epoch} connected${slots}\n`
  })
  return `${lines.join('')}vars currentEpoch ${masters.length} lastVoteEpoch 0\n`
}
