import { auditActs, furnishAudit } from './acts/audit.ts';
import { checkActs } from './check-acts.ts';

checkActs(auditActs, undefined, furnishAudit);
