namespace CvOps.Fleet.Ingest;

/// <summary>Beats for this process, and empties the sessions of those that are gone, so that their share of the messages is taken in.</summary>
internal sealed partial class SeatLoop(Seats seats, AbandonedSession session, TimeProvider time, ILogger<SeatLoop> log) : BackgroundService
{
    private static readonly TimeSpan Pace = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Pace, time);
        var emptied = Task.CompletedTask;
        try
        {
            do
            {
                try
                {
                    var abandoned = await seats.BeatAsync(stoppingToken);
                    if (emptied.IsCompleted) emptied = EmptyAsync(abandoned, stoppingToken);
                    // Where nobody else can be, there is nobody to beat for.
                    if (!seats.AreShared && abandoned.Length == 0) return;
                }
                catch (Exception e) when (StorageFailure.IsStorage(e))
                {
                    Log.NotBeaten(log, e.Message);
                }
            }
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopping.
        }
    }

    private async Task EmptyAsync(Seat[] abandoned, CancellationToken cancel)
    {
        foreach (var seat in abandoned)
        {
            try
            {
                if (!await seats.AdoptAsync(seat, cancel)) continue;
                Log.Adopted(log, seat.Client);
                if (await session.EmptyAsync(seat.Client, cancel) is not { } taken) continue;
                await seats.RemoveAsync(seat.Client, cancel);
                Log.Emptied(log, seat.Client, taken);
            }
            catch (Exception e) when (e is LinkDownException || StorageFailure.IsStorage(e))
            {
                // It stays in the table: somebody finds it silent again.
                Log.NotEmptied(log, seat.Client, e.Message);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2021, Level = LogLevel.Warning, Message = "The fleet that had session {Client} is gone; this one takes in what waits there")]
        public static partial void Adopted(ILogger logger, string client);

        [LoggerMessage(EventId = 2022, Level = LogLevel.Information, Message = "Session {Client} is empty and over: {Messages} messages")]
        public static partial void Emptied(ILogger logger, string client, long messages);

        [LoggerMessage(EventId = 2023, Level = LogLevel.Warning, Message = "Session {Client} could not be emptied yet: {Reason}")]
        public static partial void NotEmptied(ILogger logger, string client, string reason);

        [LoggerMessage(EventId = 2024, Level = LogLevel.Warning, Message = "The database cannot be told that this fleet lives: {Reason}")]
        public static partial void NotBeaten(ILogger logger, string reason);
    }
}
