using CvOps.Contracts.Twin;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Commands;

/// <summary>
/// The newest lines of the agent's log, from Information upwards, for whoever asks from afar. In memory alone: what a former process said is in the
/// machine's journal. Safe for all threads.
/// </summary>
internal sealed class LogTail(TimeProvider time) : ILoggerProvider
{
    /// <summary>Lines kept.</summary>
    public const int Most = 500;

    /// <summary>Characters of one line; what is longer is cut.</summary>
    private const int LongestMessage = 1000;

    /// <summary>Characters of one answer: less than any broker's limit for a message.</summary>
    private const int LongestAnswer = 48 * 1024;

    private readonly Queue<LogLine> _lines = new(Most);

    public DateTimeOffset Since { get; } = time.GetUtcNow();

    /// <returns>At most <paramref name="count"/> of the newest lines that are at least as bad, the oldest of them first.</returns>
    public IReadOnlyList<LogLine> Take(int count, LogSeverity from)
    {
        var taken = new List<LogLine>();
        lock (_lines)
        {
            var room = LongestAnswer;
            foreach (var line in _lines.Reverse().Where(line => line.Severity >= from).Take(count))
            {
                if ((room -= line.Message.Length + line.Source.Length) < 0) break;
                taken.Add(line);
            }
        }
        taken.Reverse();
        return taken;
    }

    public ILogger CreateLogger(string categoryName) => new Source(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        // Nothing is held that others need.
    }

    private void Add(LogSeverity severity, string source, string message)
    {
        var line = new LogLine(time.GetUtcNow(), severity, source, message.Length > LongestMessage ? message[..LongestMessage] + "…" : message);
        lock (_lines)
        {
            if (_lines.Count == Most) _lines.Dequeue();
            _lines.Enqueue(line);
        }
    }

    private sealed class Source(LogTail tail, string name) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel is >= LogLevel.Information and < LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (!IsEnabled(logLevel)) return;
            var said = formatter(state, exception);
            if (exception is not null) said = $"{said} {exception.GetType().Name}: {exception.Message}";
            tail.Add(Severity(logLevel), name, said);
        }

        private static LogSeverity Severity(LogLevel level) => level switch
        {
            LogLevel.Critical => LogSeverity.Critical,
            LogLevel.Error => LogSeverity.Error,
            LogLevel.Warning => LogSeverity.Warning,
            _ => LogSeverity.Information,
        };
    }
}
