import { permissionsOf } from '../../auth/permissions.ts';
import type { Role } from '../../store/contract.ts';

const roles: readonly Role[] = ['viewer', 'analyst', 'responder', 'rule-admin', 'admin'];

interface RoleChoiceProps {
  readonly role: Role;
  readonly change: (role: Role) => void;
}

/** A role, with what it may do. */
export function RoleChoice({ role, change }: RoleChoiceProps) {
  return (
    <label>
      Role
      <select value={role} onChange={(event) => change(event.target.value as Role)}>
        {roles.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
      <span className="muted">May {permissionsOf(role).join(', ')}.</span>
    </label>
  );
}
