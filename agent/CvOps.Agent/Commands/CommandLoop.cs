using CvOps.Agent.Link;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Commands;

/// <summary>Does commands one after the other and sends the answers.</summary>
internal sealed partial class CommandLoop(FleetInbox inbox, CommandDesk desk, IFleetLink link, ILogger<CommandLoop> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await foreach (var command in inbox.Commands.ReadAllAsync(stoppingToken))
            {
                try
                {
                    if (desk.Do(command) is not { } answer) continue;
                    var sent = await link.RespondAsync(answer, stoppingToken);
                    if (sent.Verdict != PublishVerdict.Acknowledged) Log.AnswerLost(log, command.Id, sent.Reason ?? "");
                }
                catch (IOException e)
                {
                    // Not done, since it could not be noted: the sender sees it expire.
                    Log.CommandNotNoted(log, command.Id, e.Message);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 5110, Level = LogLevel.Warning, Message = "The answer to command {Id} was not taken: {Reason}")]
        public static partial void AnswerLost(ILogger log, string id, string reason);

        [LoggerMessage(EventId = 5111, Level = LogLevel.Error, Message = "Command {Id} was not done, its id cannot be noted on disk: {Reason}")]
        public static partial void CommandNotNoted(ILogger log, string id, string reason);
    }
}
