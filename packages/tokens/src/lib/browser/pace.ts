/**
 * How long after it was asked for a token is renewed: `lead` before its end, and up to half as much earlier, so that clients
 * which began together do not stay in step.
 *
 * @param random - from 0 to 1
 */
export function renewAfter(lifeMs: number, leadMs: number | undefined, random: number): number {
  const lead = Math.min(leadMs ?? lifeMs / 5, lifeMs / 2)
  // Close to the end of the session tokens live for a second or less: that must not become a loop without rest.
  return Math.max(5000, lifeMs - lead * (1 + random / 2))
}

/**
 * How long to leave the server alone after it failed so many times in a row: doubled from a second to a minute, or what
 * it asks for, but at most five minutes; and up to half as long again.
 *
 * @param random - from 0 to 1
 * @see {@link https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3 | RFC 9110 section 10.2.3}
 */
export function retryAfter(failures: number, header: string | null | undefined, random: number): number {
  // Its other form is a date, which means little where the client's clock is wrong: that is NaN here, and not taken.
  const seconds = Math.min(300, Number(header)) || Math.min(60, 2 ** (failures - 1))
  return seconds * 1000 * (1 + random / 2)
}
