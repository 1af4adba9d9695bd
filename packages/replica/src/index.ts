/** An engine brought to where a journal ends, and one that follows it from there: see README.md. */
export { CHECKPOINT_EVERY, type StateHash } from './checkpoint.ts';
export { JournalLoss, type Stored } from './evidence.ts';
export { Follower, type FollowerOptions } from './follower.ts';
export { type FollowerStore, type OpenStore, StoreGone } from './follower-store.ts';
export { type FollowerNotice, type FollowingOptions, followUntilStopped, type Surroundings } from './following.ts';
export { type FoundSnapshot, findSnapshots, type Inspection, inspect } from './inspection.ts';
export { type Recovery, type RecoveryOptions, recover } from './recovery.ts';
