using System.Diagnostics;

namespace CvOps.Agent.Update.Import;

/// <summary>Waits, from outside the agent, until the agent has taken what a person brought.</summary>
internal static class ImportTaken
{
    /// <summary>An agent that runs looks once a second, and may have to end what it is at.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    /// <param name="wantedPath">The file that names what is wanted; the agent removes it when it has taken it.</param>
    /// <returns>False when no agent has taken it yet, which is said and is no failure.</returns>
    public static async Task<bool> WaitAsync(string wantedPath, TextWriter output)
    {
        var began = Stopwatch.GetTimestamp();
        while (File.Exists(wantedPath))
        {
            if (Stopwatch.GetElapsedTime(began) > Patience)
            {
                output.WriteLine("No agent has taken it yet: it does so at its next start (systemctl status cvops-agent), or when it is free.");
                return false;
            }
            await Task.Delay(Look);
        }
        output.WriteLine("The agent has taken it.");
        return true;
    }
}
