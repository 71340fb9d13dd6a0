using System.Net.Http.Headers;
using CvOps.Contracts.Api;
using CvOps.Contracts.Identity;
using CvOps.Testing;

namespace CvOps.EndToEnd.Tests;

/// <summary>The command line of the same build.</summary>
internal static class Cvops
{
    public static string Program { get; } = Path.GetFullPath(Path.Combine(
        AppContext.BaseDirectory, "..", "..", "CvOps.Cli", Path.GetFileName(AppContext.BaseDirectory.TrimEnd('/')), "cvops"));

    private static readonly Lazy<TestFolder> Config = new(() =>
    {
        var folder = new TestFolder();
        AppDomain.CurrentDomain.ProcessExit += (_, _) => folder.Dispose();
        return folder;
    });


    /// <summary>A client of the fleet that <c>cvops up</c> starts, or has started, in the folder.</summary>
    public static HttpClient Client(string stack, int port) => new()
    {
        BaseAddress = new Uri($"http://127.0.0.1:{port}{ApiRoutes.Root}/"),
        DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", LocalTokenFile.Ensure(Path.Combine(stack, LocalTokenFile.Name))) },
    };

    public static TestProcess Start(params string[] arguments)
    {
        foreach (var program in (string[])["ffmpeg", "mosquitto"])
            Skip.Unless(TestProcess.Find(program) is not null, $"{program} is not installed: apt-get install {program}");
        // A shell that runs this in the background makes its children deaf to Ctrl-C; a person's terminal does not.
        // Logins of whoever runs the tests stay as they are.
        return TestProcess.Start("env", ["--default-signal=INT", $"XDG_CONFIG_HOME={Config.Value.Path}", Program, .. arguments]);
    }

    /// <summary>Ids of the processes that work for the stack in the folder.</summary>
    public static IReadOnlyList<int> ProcessesOf(string folder, string program = "")
    {
        var found = new List<int>();
        foreach (var process in Directory.EnumerateDirectories("/proc"))
        {
            if (!int.TryParse(Path.GetFileName(process), out var id)) continue;
            try
            {
                if (File.ReadAllText(Path.Combine(process, "environ")).Contains($"CVOPS_STACK={folder}\0", StringComparison.Ordinal)
                    && File.ReadAllText(Path.Combine(process, "cmdline")).Split('\0')[0].EndsWith(program, StringComparison.Ordinal)) found.Add(id);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended while we looked.
            }
        }
        return found;
    }
}
