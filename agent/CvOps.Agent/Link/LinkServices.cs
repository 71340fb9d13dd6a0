using System.Diagnostics;
using CvOps.Agent.Capture;
using CvOps.Agent.Commands;
using CvOps.Agent.Configuration;
using CvOps.Agent.Integrations.HomeAssistant;
using CvOps.Agent.Link.IotHub;
using CvOps.Agent.Reports;
using CvOps.Agent.Spool;
using CvOps.Agent.Update;
using CvOps.Contracts.Telemetry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Link;

internal static class LinkServices
{
    /// <summary>Up: the spool and the reported twin. Down: the desired twin and commands.</summary>
    public static IServiceCollection AddLink(this IServiceCollection services, AgentOptions options) => services
        .AddSingleton<FleetInbox>()
        .AddSingleton<IFleetLink>(provider =>
        {
            var (inbox, chance, time) = (provider.GetRequiredService<FleetInbox>(), (Func<double>)provider.GetRequiredService<Random>().NextDouble, provider.GetRequiredService<TimeProvider>());
            if (options.Link.Iothub is not null) return new IotHubFleetLink(options.Link, options.Device, inbox, chance, time, provider.GetRequiredService<ILogger<IotHubFleetLink>>());
            var spool = provider.GetRequiredService<SpoolLog>();
            return new MqttFleetLink(options.Link, options.Site, options.Device, inbox,
                () => new DeviceStatus(options.Device, Connectivity.Online, spool.Boot, AgentVersion.Text), chance, time, provider.GetRequiredService<ILogger<MqttFleetLink>>())
            {
                AskedAgain = options.Integrations.HomeAssistant is null ? null : (DiscoveryRule.StatusTopic, DiscoveryRule.Started),
            };
        })
        .AddSingleton(provider => provider.WithCameras<TwinReporter>())
        .AddHostedService(provider => provider.GetRequiredService<TwinReporter>())
        .AddHostedService(provider => provider.WithCameras<BirthLoop>())
        .AddHostedService<LinkLoop>()
        .AddHostedService(provider => new UplinkLoop(provider.GetRequiredService<SpoolLog>(), provider.GetRequiredService<IFleetLink>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<UplinkLoop>>(), options.Link.Iothub is null ? options.Link.DurableAfter : TimeSpan.Zero, provider.GetService<ActivitySource>()))
        .AddHostedService<DesiredLoop>()
        .AddSingleton<LogTail>()
        .AddSingleton<ILoggerProvider>(provider => provider.GetRequiredService<LogTail>())
        .AddSingleton(provider => provider.WithCameras<CommandDesk>())
        .AddHostedService<CommandLoop>();
}
