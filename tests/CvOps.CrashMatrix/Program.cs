using System.Text.Json;
using CvOps.CrashMatrix;
using CvOps.Testing;

switch (args)
{
    case ["host", var order]:
        using (var host = new UpdateHost(JsonSerializer.Deserialize(order, HostJson.Default.HostOrder)!)) return await host.RunAsync();
    case [TelemetryHost.Command, var folder, var port, var drains]:
        return await TelemetryHost.RunAsync(folder, port, drains == TelemetryHost.Drains);
    case ["full" or "quick"]:
        if (UnkindDisk.Missing is { } missing)
        {
            Console.Error.WriteLine(missing);
            return 69;      // EX_UNAVAILABLE of sysexits.h
        }
        using (var disk = new UnkindDisk())
        {
            await using var shop = await PackageShop.OpenAsync();
            var known = 0;
            var rows = await new CvOps.CrashMatrix.CrashMatrix(shop, disk, quick: args[0] == "quick").RunAsync(_ =>
            {
                if (Interlocked.Increment(ref known) % 20 == 0) Console.Error.WriteLine($"{known} rows known");
            });
            CrashTable.Print(rows, Console.Out);
            return rows.All(row => row.Trouble is null) ? 0 : 1;
        }
    default:
        Console.Error.WriteLine("usage: CvOps.CrashMatrix full | quick");
        return 64;          // EX_USAGE
}
