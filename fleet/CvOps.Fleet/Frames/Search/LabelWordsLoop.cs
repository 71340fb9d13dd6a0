using System.Data.Common;
using CvOps.Fleet.Storage;
using Dapper;

namespace CvOps.Fleet.Frames.Search;

/// <summary>
/// Gives labels from before there were columns for them the words of their boxes and outlines, some hundred in a transaction, so that searches find these by class. Which wait for it
/// is in <c>label_words_due</c> from the schema's upgrade on: a kill costs nothing, and a fleet without any ends this at once.
/// </summary>
internal sealed partial class LabelWordsLoop(Database database, TimeProvider time, ILogger<LabelWordsLoop> log) : BackgroundService
{
    private const int Together = 500;
    private static readonly TimeSpan Rest = TimeSpan.FromSeconds(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var done = 0;
        try
        {
            while (true)
            {
                try
                {
                    // Asked beside the writers, for mostly there is nothing to do.
                    if (!await database.ReadAsync(connection => connection.ExecuteScalar<bool>("SELECT EXISTS (SELECT 1 FROM label_words_due)"), stoppingToken)) break;
                    done += await database.WriteAsync(Step, stoppingToken);
                }
                catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
                {
                    Log.WordsFailed(log, e);
                    await Task.Delay(Rest, time, stoppingToken);
                }
            }
            if (done > 0) Log.WordsWritten(log, done);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start goes on.
        }
    }

    /// <returns>How many were done with; 0 when none is left.</returns>
    internal static int Step(DbConnection connection)
    {
        var rows = connection.Query<(long Row, string Body)>("SELECT f.row, f.body FROM label_words_due AS d JOIN frames AS f ON f.row = d.row ORDER BY d.row LIMIT @Together", new { Together }).AsList();
        using (var update = new PreparedCommand(connection, "UPDATE frames SET label_classes = @Classes, label_text = @Text WHERE row = @Row", "Classes", "Text", "Row"))
        {
            foreach (var (row, body) in rows)
            {
                var words = LabelWords.Of(FrameTable.Parse(body).Label);
                update.Run(words?.Classes, words?.Text, row);
            }
        }
        // Without a last row there is no frame of any that is due.
        connection.Execute("DELETE FROM label_words_due WHERE row <= @Last", new { Last = rows.Count == 0 ? long.MaxValue : rows[^1].Row });
        return rows.Count;
    }

    private static partial class Log
    {
        [LoggerMessage(EventId = 2631, Level = LogLevel.Information, Message = "{Labels} labels of before are found by the classes of their boxes and outlines now")]
        public static partial void WordsWritten(ILogger logger, int labels);

        [LoggerMessage(EventId = 2632, Level = LogLevel.Error, Message = "Labels of before could not be given the words they are found by; it is tried again")]
        public static partial void WordsFailed(ILogger logger, Exception exception);
    }
}
