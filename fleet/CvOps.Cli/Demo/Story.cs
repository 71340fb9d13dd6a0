using System.Diagnostics;
using Spectre.Console;

namespace CvOps.Cli.Demo;

/// <summary>A step of a story, as the report keeps it.</summary>
/// <param name="Figures">What was measured, in the order it was said.</param>
internal sealed record StoryStep(string Name, bool Passed, double Seconds, IReadOnlyDictionary<string, string> Figures, string? Failure);

/// <summary>
/// Runs steps in order, prints each as it happens and keeps what it measured. Each step stands on the one before,
/// so after a failure the rest is reported as not reached rather than tried.
/// </summary>
internal sealed class Story(IAnsiConsole console)
{
    private readonly List<StoryStep> _steps = [];

    public IReadOnlyList<StoryStep> Steps => _steps;

    public int Passed => _steps.Count(step => step.Passed);

    public int Failed => _steps.Count(step => !step.Passed);

    /// <param name="name">An identifier for the report.</param>
    /// <param name="title">The step in a sentence.</param>
    /// <param name="act">Does it; throws <see cref="StoryFailure"/> when what must hold does not.</param>
    public async Task Step(string name, string title, Func<Figures, Task> act, CancellationToken ct)
    {
        if (Failed > 0) _steps.Add(new StoryStep(name, false, 0, new Dictionary<string, string>(), "not reached"));
        else await Always(name, title, act, ct);
    }

    /// <summary>A step that stands on nothing, such as the clean-up.</summary>
    public async Task Always(string name, string title, Func<Figures, Task> act, CancellationToken ct)
    {
        console.MarkupLineInterpolated($"[bold]{_steps.Count + 1,2}  {title}[/]");
        var started = Stopwatch.GetTimestamp();
        var figures = new Figures(console);
        string? failure = null;
        try
        {
            await act(figures);
        }
        catch (Exception e) when (e is StoryFailure or CliException or HttpRequestException or IOException or TimeoutException && !ct.IsCancellationRequested)
        {
            failure = e.Message;
        }
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        _steps.Add(new StoryStep(name, failure is null, seconds, figures.All, failure));
        if (failure is null) console.MarkupLineInterpolated($"    [green]passed[/] in {seconds:0.0} s");
        else console.MarkupLineInterpolated($"    [red]failed[/] after {seconds:0.0} s: {failure}");
    }
}

/// <summary>What must hold does not.</summary>
internal sealed class StoryFailure(string message) : Exception(message);

/// <summary>The figures of one step, said as they are found.</summary>
internal sealed class Figures(IAnsiConsole console)
{
    private readonly Dictionary<string, string> _all = [];

    public IReadOnlyDictionary<string, string> All => _all;

    public void Say(string name, string value)
    {
        _all[name] = value;
        console.MarkupLineInterpolated($"    {name}: {value}");
    }

    /// <exception cref="StoryFailure">The condition does not hold.</exception>
    public static void Require(bool holds, string otherwise)
    {
        if (!holds) throw new StoryFailure(otherwise);
    }

    /// <summary>Asks every half second until the answer is there.</summary>
    /// <param name="what">For the message when time runs out.</param>
    /// <param name="seen">What was seen last, likewise.</param>
    /// <exception cref="StoryFailure">Time ran out.</exception>
    public static async Task<T> Until<T>(string what, TimeSpan patience, Func<Task<T?>> ask, Func<string> seen, CancellationToken ct)
        where T : class
    {
        var started = Stopwatch.GetTimestamp();
        while (Stopwatch.GetElapsedTime(started) < patience)
        {
            if (await ask() is { } answer) return answer;
            await Task.Delay(TimeSpan.FromSeconds(0.5), ct);
        }
        throw new StoryFailure($"{what} did not happen within {patience.TotalSeconds:0} s; last seen: {seen()}");
    }
}
