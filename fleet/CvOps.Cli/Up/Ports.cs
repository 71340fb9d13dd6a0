using System.Net;
using System.Net.Sockets;

namespace CvOps.Cli.Up;

internal static class Ports
{
    /// <summary>A loopback port nobody listens on at this moment.</summary>
    public static int Free()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static bool Listening(int port)
    {
        try
        {
            using var client = new TcpClient("127.0.0.1", port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    /// <exception cref="CliException">Somebody listens there; the message names the option that chooses another.</exception>
    public static int Claim(int port, string option)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return port;
        }
        catch (SocketException)
        {
            throw new CliException($"Port {port} is in use by another program: stop that one, or choose another port with {option}.", ExitCodes.Configuration);
        }
    }
}
