using System.Globalization;
using System.Threading.Channels;
using CvOps.Cli.Output;
using Spectre.Console;

namespace CvOps.Cli;

/// <summary>
/// Looks again and again: at once when the fleet tells of a change, and every few seconds besides, for not everything tells. On a terminal what is shown is drawn
/// anew in its place; elsewhere it is written again when it is another; with --json each change is one line.
/// </summary>
/// <param name="kinds">Of the fleet's events, those that change what is shown.</param>
internal sealed class Watch(FleetClient fleet, IReadOnlyCollection<string> kinds, bool json)
{
    public const string Help = "Stay and show each change, as the fleet tells of it and every 5 s besides; Ctrl-C ends. With --json each change is a line.";

    private const string Missed = "missed";
    private static readonly TimeSpan Besides = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ListenAgain = TimeSpan.FromSeconds(2);

    // Of many hints one is enough: what is shown is read whole.
    private readonly Channel<bool> _changed = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly LiveText _live = new();
    private string? _last;

    /// <param name="look">Writes everything onto the screen.</param>
    /// <returns>When there is nothing more to come, or somebody ended it.</returns>
    /// <exception cref="CliException">The first look failed, or a later one in a way that waiting does not heal.</exception>
    public async Task RunAsync(Func<Screen, CancellationToken, Task> look, CancellationToken ct)
    {
        var drawn = !json && !Console.IsOutputRedirected;
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var listening = ListenAsync(ends.Token);
        if (drawn) Console.Out.Write("\u001b[?25l");
        try
        {
            while (true)
            {
                string? problem = null;
                try
                {
                    using var text = new StringWriter(CultureInfo.InvariantCulture);
                    var screen = Record(text, drawn);
                    await look(screen, ct);
                    Show(text.ToString(), drawn);
                    if (screen.IsOver) return;
                }
                catch (Exception e) when (_last is not null && IsPassing(e) && !ct.IsCancellationRequested)
                {
                    problem = e.Message;
                }
                Foot(problem, drawn);
                using var wait = CancellationTokenSource.CreateLinkedTokenSource(ct);
                wait.CancelAfter(Besides);
                try
                {
                    await _changed.Reader.ReadAsync(wait.Token);
                    await Task.Delay(Between, ct);
                }
                catch (OperationCanceledException) when (!ct.IsCancellationRequested)
                {
                    // Nobody told of anything: time to look all the same.
                }
            }
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Ctrl-C is how it ends.
        }
        finally
        {
            if (drawn) Console.Out.Write("\u001b[?25h");
            await ends.CancelAsync();
            await listening;
        }
    }

    private Screen Record(StringWriter text, bool drawn)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors, Interactive = InteractionSupport.No, Out = new AnsiConsoleOutput(text) });
        console.Profile.Width = drawn ? Console.WindowWidth : Terminal.Unbroken;
        return new Screen(console, json) { Programs = text, OneLine = true };
    }

    private void Show(string text, bool drawn)
    {
        var same = text == _last;
        if (!drawn && !same) Console.Out.Write(json || _last is null ? text : "\n" + text);
        if (!drawn) Console.Out.Flush();
        _last = text;
    }

    private void Foot(string? problem, bool drawn)
    {
        var now = DateTime.UtcNow.ToString("HH:mm:ss", CultureInfo.InvariantCulture);
        if (drawn) Console.Out.Write(_live.Draw(_last!, problem is null ? $"{now} UTC, Ctrl-C ends" : $"{now} UTC, as it was: {problem}", Console.WindowHeight));
        else if (problem is not null) Console.Error.WriteLine($"cvops: {problem}");
    }

    private static bool IsPassing(Exception e) => e is CliException { ExitCode: ExitCodes.Unreachable } or CliException { Status: >= 500 } or HttpRequestException or IOException;

    private async Task ListenAsync(CancellationToken ct)
    {
        while (!ct.IsCancellationRequested)
        {
            try
            {
                await foreach (var told in fleet.Listen(ct))
                    if (told.Kind == Missed || kinds.Contains(told.Kind)) _changed.Writer.TryWrite(true);
                await Task.Delay(ListenAgain, ct);
            }
            catch (OperationCanceledException) when (ct.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e) when (e is CliException or HttpRequestException or IOException)
            {
                // Where nobody tells, looking every few seconds does.
                await Task.Delay(ListenAgain, ct).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
            }
        }
    }
}
