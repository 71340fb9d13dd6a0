using System.Diagnostics;
using CvOps.Testing;

namespace CvOps.Benchmarks;

/// <summary>
/// Five of a hundred RTP packets get lost: in the network itself where the soak has one of its own and nft to say so, else in the server, behind
/// the payloader, so that their sequence numbers are missed all the same.
/// </summary>
internal static class PacketLoss
{
    /// <summary>Set by soak-camera.sh inside a network namespace.</summary>
    private const string OwnNetwork = "CVOPS_OWN_NETWORK";

    private const string Rules = """
        table inet cvops_loss {
          chain in {
            type filter hook input priority 0;
            meta l4proto udp udp length > 200 numgen random mod 100 < 5 counter drop
          }
        }
        """;

    public static bool ByFirewall { get; } = Environment.GetEnvironmentVariable(OwnNetwork) is not null && TestProcess.Find("nft") is not null;

    public static void Begin(RtspServer server)
    {
        if (ByFirewall) Nft("-f", "-");
        else RtspServer.Signal("USR1", server.ProcessId);
    }

    public static void End(RtspServer server)
    {
        if (ByFirewall) Nft("delete", "table", "inet", "cvops_loss");
        else RtspServer.Signal("USR2", server.ProcessId);
    }

    private static void Nft(params string[] arguments)
    {
        using var nft = Process.Start(new ProcessStartInfo(TestProcess.Find("nft")!, arguments) { RedirectStandardInput = true })!;
        if (arguments[0] == "-f") nft.StandardInput.Write(Rules);
        nft.StandardInput.Close();
        nft.WaitForExit();
        if (nft.ExitCode != 0) throw new InvalidOperationException($"nft {string.Join(' ', arguments)} ended with code {nft.ExitCode}.");
    }
}
