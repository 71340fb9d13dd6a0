using System.Diagnostics;
using System.Globalization;
using CvOps.Agent.Spool;
using CvOps.Vision;

namespace CvOps.Benchmarks;

/// <summary>
/// Frames a second of the agent's whole path while the broker is away for an hour, over the same with it there: an hour of a camera's frames at 30 a
/// second, as fast as they go, into a spool whose budget is used up after a part of it. Two agents, rounds interleaved.
/// </summary>
internal static class AwayBench
{
    private const int Frames = 30 * 3600;
    private const int Rounds = 18;
    private const int BudgetMegabytes = 24;

    public static async Task<IReadOnlyList<Figure>> RunAsync()
    {
        var settings = new SessionSettings(Threads: 1, AllowGpu: false);
        var spool = new SpoolOptions { BudgetMegabytes = BudgetMegabytes };
        await using var there = await BenchAgent.StartAsync(BenchModel.Line(), settings, spool: spool);
        await using var away = await BenchAgent.StartAsync(BenchModel.Line(), settings, spool: spool);
        Rate(there, 2000);
        Rate(away, 2000);
        await away.Broker.KillAsync();
        var ratios = new List<double>();
        for (var round = 0; round < Rounds; round++)
        {
            // Whoever goes first goes second in the next round.
            var (first, second) = round % 2 == 0 ? (there, away) : (away, there);
            var (one, two) = (Rate(first, Frames / Rounds), Rate(second, Frames / Rounds));
            var (with, without) = round % 2 == 0 ? (one, two) : (two, one);
            ratios.Add(without / with);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"minute {(round + 1) * 60 / Rounds}: with the broker {with:0} frames/s, without {without:0}, {without / with:0.000}; {away.Spool.WaitingMessages} wait, {away.Spool.EvictedMessages} given up"));
        }
        var (health, lost) = (away.Spool, there.Spool.EvictedMessages);
        if (health.EvictedMessages == 0 || health.WaitingBytes > health.BudgetBytes || lost > 0)
            throw new InvalidOperationException($"Away: {health}; there: {lost} given up. The budget was to be reached, and kept, without the broker alone.");
        return [Figure.AtLeast("agent FPS with the broker away for an hour / with it there", ratios.Order().ElementAt(Rounds / 2), 0.99, "the same agent with its broker, rounds interleaved")];
    }

    private static double Rate(BenchAgent agent, int frames)
    {
        var started = Stopwatch.GetTimestamp();
        for (var frame = 0; frame < frames; frame++) agent.Put();
        agent.Drain();
        return frames / Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
