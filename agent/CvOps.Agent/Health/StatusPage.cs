using System.Net;
using System.Net.Sockets;
using System.Text;
using CvOps.Agent.Configuration;
using CvOps.Agent.Configuration.Remote;
using CvOps.Agent.Programs;
using CvOps.Agent.Update;
using CvOps.Contracts.Telemetry;
using CvOps.Contracts.Twin;
using CvOps.Observability.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Health;

/// <summary>A page for whoever stands at the machine, and <c>/metrics</c> for Prometheus. Reads only; off unless configured.</summary>
internal sealed class StatusPage(HealthOptions options, AgentOptions agent, DeviceVitals vitals, UpdateLoop update, ConfigurationLoop configuration, ProgramLoop program, MetricsPage metrics) : IHostedService, IAsyncDisposable
{
    private WebApplication? _server;

    /// <exception cref="ConfigurationException">The port is taken, or the address is not this machine's.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Listen == "off") return;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPEndPoint.Parse(options.Listen)));
        _server = builder.Build();
        _server.MapGet("/metrics", () => metrics.Take() is { } page ? Results.Text(page.Text(), MetricPage.ContentType) : Results.StatusCode(StatusCodes.Status503ServiceUnavailable));
        _server.MapGet("/", () => Results.Text(Page(agent, vitals.Latest, update.Report, configuration.Report, configuration.Settings, program.Report), "text/html; charset=utf-8"));
        try
        {
            await _server.StartAsync(cancellationToken);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new ConfigurationException([new Mistake(0, "health.listen", $"cannot listen on {options.Listen} ({e.InnerException?.Message ?? e.Message}); choose a free port or write off")]);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _server?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;

    private static string Page(AgentOptions agent, DeviceHealth? health, ReportedModel model, ReportedConfiguration configuration, string? settings, ReportedProgram program)
    {
        var page = new StringBuilder();
        page.Append("<!doctype html><meta charset=utf-8><meta http-equiv=refresh content=5><title>").Append(Safe(agent.Device.Value))
            .Append("</title><style>body{font:16px system-ui;margin:2em}td,th{padding:.3em 1em;text-align:left}</style><h1>")
            .Append(Safe($"{agent.Site} / {agent.Device}")).Append("</h1><p>Model: ")
            .Append(Safe(model.Active is { } active ? $"{active.Name} {active.Version} ({active.Digest[..12]})" : "none yet"))
            .Append(", update ").Append(model.State).Append(model.Reason is null ? "" : ": " + Safe(model.Reason)).Append("</p>");
        if (model.Shadow is { } shadow) page.Append("<p>In shadow: ").Append(Safe($"{shadow.Model.Name} {shadow.Model.Version}, {shadow.Frames} frames, {shadow.Discordant} of them with another answer, {shadow.Skipped} skipped")).Append("</p>");
        page.Append("<p>Configuration: ").Append(configuration.Active is { } digest ? $"this device's file, and over it what the fleet has set ({digest[..12]})" : "this device's file alone")
            .Append(", ").Append(configuration.State).Append(configuration.Reason is null ? "" : ": " + Safe(configuration.Reason)).Append("</p>");
        page.Append("<p>Program: ").Append(Safe(program.Version)).Append(program.Slot is null ? ", as installed" : Safe($", from slot {program.Slot}; installed is {program.Installed}"))
            .Append(program.State == ProgramState.Idle ? "" : Safe($", change to {program.TargetVersion} {program.State}")).Append(program.Reason is null ? "" : ": " + Safe(program.Reason)).Append("</p>");
        if (settings is not null) page.Append("<details><summary>What the fleet has set</summary><pre>").Append(Safe(settings)).Append("</pre></details>");
        if (health is null) return page.Append("<p>Starting.</p>").ToString();
        page.Append("<p>Provider ").Append(Safe(health.Provider)).Append(", spool ").Append(health.Spool.WaitingMessages)
            .Append(" messages waiting</p><table><tr><th>Camera<th>State<th>Frames/s<th>Inspected<th>Dropped<th>Problem</tr>");
        foreach (var camera in health.Cameras)
        {
            page.Append("<tr><td>").Append(Safe(camera.Camera.Value)).Append("<td>").Append(camera.State).Append("<td>")
                .Append(camera.Fps.ToString("0.0", System.Globalization.CultureInfo.InvariantCulture)).Append("<td>").Append(camera.FramesInspected)
                .Append("<td>").Append(camera.FramesDropped).Append("<td>").Append(Safe(camera.Problem ?? "")).Append("</tr>");
        }
        return page.Append("</table>").ToString();
    }

    private static string Safe(string text) => WebUtility.HtmlEncode(text);
}
