import type { HostJson } from '../../../api/json/host.ts';
import { useCertificates } from '../../data/host-queries.ts';
import { Failure } from '../../text/failure.tsx';
import { Code, Visible } from '../../text/visible.tsx';
import { Ago, Exact } from '../../time/instant.tsx';

/** Certificates of a host that may still be good for something. */
export function CertificatesPanel({ host }: { host: HostJson }) {
  const { data, error, refetch } = useCertificates(host.id);
  return (
    <section className="panel" aria-labelledby="host-certificates">
      <div className="panel-head">
        <h2 id="host-certificates">Certificates</h2>
      </div>
      <div className="panel-body">
        {error !== null && <Failure error={error} retry={() => void refetch()} />}
        {data?.items.length === 0 && <p className="muted">None that may still be good for something.</p>}
        <ul className="certificates">
          {data?.items.map((one) => (
            <li key={one.serial}>
              <Code text={one.fingerprint} wrap />
              <span className="muted">
                issued <Ago at={one.issuedAt} />, ends <Exact at={one.expiresAt} />
              </span>
              {one.revokedAt !== null && (
                <span className="bad-figure">
                  revoked <Ago at={one.revokedAt} />: <Visible text={one.revokedReason ?? ''} />
                </span>
              )}
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
