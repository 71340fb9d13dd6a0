using System.Collections.Concurrent;
using CvOps.Testing;
using Microsoft.Extensions.Logging;

namespace CvOps.Agent.Tests;

/// <summary>Keeps what is logged, in order.</summary>
internal sealed class HeardLog
{
    private readonly ConcurrentQueue<string> _lines = new();

    public IReadOnlyCollection<string> Lines => _lines;

    /// <summary>Until a line has this in it: what is told of a change comes a moment after the change.</summary>
    public Task SaysAsync(string part) => Eventually.Async(() => _lines.Any(line => line.Contains(part, StringComparison.Ordinal)), TimeSpan.FromSeconds(30),
        () => string.Join('\n', _lines), TestContext.Current.CancellationToken);

    public ILogger<T> For<T>() => new Ear<T>(_lines);

    private sealed class Ear<T>(ConcurrentQueue<string> lines) : ILogger<T>
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => lines.Enqueue(formatter(state, exception));
    }
}
