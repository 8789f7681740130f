import { Component, type ReactNode } from 'react';

/** A defect in one section leaves the others standing. */
export class SectionBoundary extends Component<
  { readonly name: string; readonly children: ReactNode },
  { failed: boolean }
> {
  override state = { failed: false };

  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <section className="panel" aria-label={this.props.name}>
        <div className="panel-head">
          <h2>{this.props.name}</h2>
        </div>
        <div className="notice bad" role="alert">
          This section could not be shown. The rest of the page goes on.
          <button type="button" className="button" onClick={() => this.setState({ failed: false })}>
            Try again
          </button>
        </div>
      </section>
    );
  }
}
