using System.Globalization;
using CvOps.Contracts.Alerts;
using CvOps.Contracts.Api;
using CvOps.Fleet.Api;

namespace CvOps.Fleet.Alerts;

internal static class AlertEndpoints
{
    public static void MapAlerts(this IEndpointRouteBuilder api)
    {
        api.MapGet("/alerts", async (AlertStore store, CancellationToken cancel, string? state, string? rule, string? subject, string? after, int limit = Paging.Default) =>
        {
            AlertState? asked = null;
            if (state is not null)
            {
                if (!Enum.TryParse<AlertState>(state, ignoreCase: true, out var parsed) || !Enum.IsDefined(parsed)) return Problems.Unprocessable($"'{state}' is no state of alerts: {string.Join(", ", Enum.GetNames<AlertState>())}.");
                asked = parsed;
            }
            long? row = null;
            if (after is not null)
            {
                if (!long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out var given)) return Problems.Unprocessable($"'{after}' is no cursor: take it from the page before.");
                row = given;
            }
            return Results.Ok(await store.PageAsync(asked, rule, subject, row, Paging.Clamp(limit), cancel));
        });

        api.MapGet("/alerts/{id}", async (string id, AlertStore store, CancellationToken cancel) => await store.FindAsync(id, cancel) is { } alert ? Results.Ok(alert) : Problems.NotFound("alert", id));

        api.MapPost("/alerts/{id}/acknowledge", async (string id, AlertAction action, AlertDesk desk, CancellationToken cancel) =>
        {
            if (Unsaid(action) is { } refusal) return refusal;
            var (alert, why) = await desk.AcknowledgeAsync(id, action, cancel);
            return why is not null ? Problems.Conflict(why) : alert is null ? Problems.NotFound("alert", id) : Results.Ok(alert);
        });

        api.MapGet("/alerts/rules", (AlertDesk desk, CancellationToken cancel) => desk.RulesAsync(cancel));

        api.MapGet("/alerts/rules/{name}", async (string name, AlertDesk desk, CancellationToken cancel) =>
            (await desk.RulesAsync(cancel)).FirstOrDefault(rule => rule.Name == name) is { } rule ? Results.Ok(rule) : Problems.NotFound("alert rule", name));

        api.MapPut("/alerts/rules/{name}", async (string name, AlertRuleSettings settings, HttpContext http, AlertDesk desk, CancellationToken cancel) =>
            await desk.SetRuleAsync(name, settings, By(http), cancel) is { Count: > 0 } mistakes ? Problems.Unprocessable(string.Join(" ", mistakes)) : Results.Ok((await desk.RulesAsync(cancel)).First(rule => rule.Name == name)));

        api.MapDelete("/alerts/rules/{name}", async (string name, HttpContext http, AlertDesk desk, CancellationToken cancel) =>
            await desk.RemoveRuleAsync(name, By(http), cancel) ? Results.NoContent() : Problems.NotFound("alert rule that somebody has set", name));

        api.MapGet("/alerts/silences", (AlertStore store, TimeProvider time, CancellationToken cancel) => store.SilencesAsync(time.GetUtcNow(), cancel));

        api.MapPost("/alerts/silences", async (SilenceRequest asked, AlertDesk desk, CancellationToken cancel) =>
        {
            var (silence, refusal) = await desk.SilenceAsync(asked, cancel);
            return silence is null ? Problems.Unprocessable(refusal!) : Results.Created($"{ApiRoutes.Root}/alerts/silences/{silence.Id}", silence);
        });

        api.MapDelete("/alerts/silences/{id}", async (string id, HttpContext http, AlertDesk desk, CancellationToken cancel) =>
            await desk.EndSilenceAsync(id, By(http), cancel) is { } ended ? Results.Ok(ended) : Problems.NotFound("silence", id));
    }

    public static void MapAlertChannels(this IEndpointRouteBuilder api)
    {
        api.MapGet("/alerts/channels", (ChannelStore store, CancellationToken cancel) => store.ListAsync(cancel));

        api.MapGet("/alerts/channels/{name}", async (string name, ChannelStore store, CancellationToken cancel) =>
            await store.FindAsync(name, cancel) is { } channel ? Results.Ok(channel) : Problems.NotFound("alert channel", name));

        api.MapPut("/alerts/channels/{name}", async (string name, AlertChannelSettings settings, HttpContext http, ChannelDesk desk, CancellationToken cancel) =>
        {
            var (saved, mistakes) = await desk.SetAsync(name, settings, By(http), cancel);
            return saved is null ? Problems.Unprocessable(string.Join(" ", mistakes)) : Results.Ok(saved);
        });

        api.MapDelete("/alerts/channels/{name}", async (string name, HttpContext http, ChannelDesk desk, CancellationToken cancel) =>
            await desk.RemoveAsync(name, By(http), cancel) ? Results.NoContent() : Problems.NotFound("alert channel", name));

        api.MapPost("/alerts/channels/{name}/test", async (string name, HttpContext http, ChannelDesk desk, CancellationToken cancel) =>
            await desk.TestAsync(name, By(http), cancel) is { } result ? Results.Ok(result) : Problems.NotFound("alert channel", name));
    }

    private static IResult? Unsaid(AlertAction action) => action is { By.Length: > 0, Reason.Length: > 0 } ? null : Problems.Unprocessable("Say who you are and why: both stand in the audit log.");

    private static string By(HttpContext http) => http.Request.Headers[ApiRoutes.ByHeader].FirstOrDefault() ?? "api";
}
