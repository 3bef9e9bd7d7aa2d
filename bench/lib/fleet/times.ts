/** By how much everything is shorter than it is by default. */
export const SCALE = 60

/** Of what would be so many seconds, minutes, … */
const scaled = (ms: number): number => Math.round(ms / SCALE)
const seconds = (count: number): number => scaled(count * 1000)
const minutes = (count: number): number => scaled(count * 60_000)
const days = (count: number): number => scaled(count * 86_400_000)

/** The defaults of a token service and of its store, divided by {@link SCALE}, in milliseconds. */
export const TIMES = {
  access: minutes(15),
  idle: days(7),
  absolute: days(30),
  /** Not 0.5 s: no less than 1 s is accepted. */
  grace: 1000,
  lostWindow: days(1),
  skew: seconds(5),
  maxStaleness: seconds(30),
  /** Not 83 ms: no less than 100 ms is accepted. */
  every: 100,
  /** Not divided, since Redis is no faster than it is; but it stays below the grace, as it does by default. */
  deadline: 500,
} as const

/** What people and networks do. */
export const HABITS = {
  /** People are busier than in the other simulation, so that a minute is enough. */
  betweenClicks: minutes(2),
  visit: minutes(8),
  loads: 0.45,
  doubled: 0.1,
  lost: 0.01,
  lostLate: 0.3,
  delayed: 0.02,
  delayedUpTo: seconds(20),
  robbed: 0.25,
  /** Of the thieves: those of whom it is promised that they are found. */
  apart: 0.7,
  withSecondDevice: 0.15,
  /** The client gives a call up. */
  timeout: 1500,
  /** The longest pause after a failure. */
  longestPause: minutes(1),
  firstPause: seconds(1),
} as const

/** How long it goes on, and for how many. */
export interface Conditions {
  readonly seconds: number
  readonly people: number
}
