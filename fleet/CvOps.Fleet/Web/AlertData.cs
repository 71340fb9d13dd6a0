using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Alerts;

namespace CvOps.Fleet.Web;

/// <summary>What the page of alerts shows, read in this process, for as long as the request lasts.</summary>
internal sealed class AlertData(IHttpContextAccessor http, AlertStore store, AlertDesk desk, ChannelStore channels, TimeProvider time)
{
    private const int Shown = 200;
    private const int OverShown = 20;

    private CancellationToken Gone => http.HttpContext?.RequestAborted ?? CancellationToken.None;

    /// <summary>The open ones, those that need a person first.</summary>
    public async Task<IReadOnlyList<AlertView>> Open() =>
        [.. (await store.PageAsync(null, null, null, null, Shown, Gone)).Alerts.OrderBy(alert => alert.State).ThenByDescending(alert => alert.Severity).ThenByDescending(alert => alert.Since)];

    public async Task<IReadOnlyList<AlertView>> Over() => (await store.PageAsync(AlertState.Resolved, null, null, null, OverShown, Gone)).Alerts;

    public Task<AlertDetail?> Find(string id) => store.FindAsync(id, Gone);

    public Task<AlertRuleView[]> Rules() => desk.RulesAsync(Gone);

    public Task<AlertChannelView[]> Channels() => channels.ListAsync(Gone);

    public Task<SilenceView[]> Silences() => store.SilencesAsync(time.GetUtcNow(), Gone);

    public Task<long> Firing() => store.FiringAsync(Gone);
}
