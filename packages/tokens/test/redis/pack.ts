import type { Family } from '../../src/index.ts'
import { numberOf } from '../../src/lib/redis/record.ts'

/** Writes a session as the scripts do, by the description of the format and not by their code. */
export function pack(family: Family): Buffer {
  const head = Buffer.alloc(96)
  head.writeUInt8(1)
  family.secretHash.copy(head, 1)
  const times = [
    family.createdAt,
    family.authTime,
    family.absoluteEnd,
    family.idleEnd,
    family.rotatedAt,
    family.emittedAt,
    family.confirmedAt ?? 0,
  ]
  times.forEach((time, i) => head.writeUIntBE(time, 33 + 6 * i, 6))
  head.writeBigUInt64BE(BigInt(family.epoch), 75)
  head.writeUInt32BE(family.generation, 83)
  head.writeUInt8((family.everConfirmed ? 1 : 0) + (family.late ? 2 : 0), 87)
  head.writeUInt8(family.lateStreak, 88)
  head.writeUInt8(family.ended === undefined ? 0 : numberOf(family.ended.reason), 89)
  head.writeUIntBE(family.ended?.at ?? 0, 90, 6)
  const { sub, kid, client } = family
  return Buffer.concat([head, text(sub, 2), text(kid, 1), text(client.ip ?? '', 1), text(client.userAgent ?? '', 2)])
}

function text(value: string, width: number): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(width)
  length.writeUIntBE(bytes.length, 0, width)
  return Buffer.concat([length, bytes])
}
