import { agentActs, agentFacts, littleRoomKib } from './acts/agent.ts';
import { checkActs } from './check-acts.ts';

checkActs(agentActs, () => ({
  agentFacts: () => agentFacts,
  trace: { bufferKib: littleRoomKib },
}));
