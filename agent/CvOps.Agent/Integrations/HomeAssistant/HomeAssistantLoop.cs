using System.Text;
using CvOps.Agent.Link;
using CvOps.Agent.Reports;
using CvOps.Contracts;
using Microsoft.Extensions.Hosting;

namespace CvOps.Agent.Integrations.HomeAssistant;

/// <summary>Keeps the discovery documents at the broker those of the cameras there are; an empty one takes an entity away.</summary>
internal sealed class HomeAssistantLoop(SiteId site, DeviceId device, Func<IEnumerable<CameraId>> cameras, MqttFleetLink link, TimeProvider time) : BackgroundService
{
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Look, time);
        string[]? said = null;
        IEnumerable<string> topics = [];
        try
        {
            do
            {
                var now = cameras().ToArray();
                if (said is not null && said.SequenceEqual(now.Select(camera => camera.Value))) continue;
                said = [.. now.Select(camera => camera.Value)];
                var documents = DiscoveryRule.Of(site, device, AgentVersion.Text, now);
                foreach (var gone in topics.Except(documents.Keys)) link.Keep(gone, []);
                foreach (var (topic, document) in documents) link.Keep(topic, Encoding.UTF8.GetBytes(document.ToJsonString()));
                topics = documents.Keys;
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The documents stay: Home Assistant shows the device as unavailable.
        }
    }
}
