using System.Text.Json;
using CvOps.Contracts;
using CvOps.Fleet.Ingest;

namespace CvOps.Fleet.Devices;

/// <summary>Sends what the broker does not have yet and devices may still do: given while the broker was away, or just before the fleet ended.</summary>
internal sealed partial class CommandOutbox(CommandLog commands, DeviceDirectory devices, FleetLink link, TimeProvider time, ILogger<CommandOutbox> log) : BackgroundService
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            do
            {
                if (!link.IsConnected) continue;
                try
                {
                    foreach (var (device, command) in await commands.UnsentAsync(stoppingToken))
                    {
                        if (await devices.FindAsync(device, stoppingToken) is not { } known) continue;
                        // Sent twice it is done once: devices remember ids.
                        await link.PublishAsync(new Topics(known.Site, device).Command(command.Name), JsonSerializer.SerializeToUtf8Bytes(command, ContractsJson.Default.Command), retain: false, stoppingToken);
                        await commands.SentAsync(command.Id, stoppingToken);
                        Log.CommandSent(log, command.Name, command.Id, device);
                    }
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.SendFailed(log, e);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2131, Level = LogLevel.Information, Message = "Command {Name} ({Id}) to {Device} is with the broker at last")]
        public static partial void CommandSent(ILogger logger, string name, string id, DeviceId device);

        [LoggerMessage(EventId = 2132, Level = LogLevel.Warning, Message = "Commands could not be sent; they wait until they are over")]
        public static partial void SendFailed(ILogger logger, Exception exception);
    }
}
