// c_process_builder.java: a Java program starts others; the JVM closes every
// descriptor in between, by numbers it reads itself.
import java.io.BufferedReader;
import java.io.InputStreamReader;

class ProcessBuilderProbe {
  public static void main(String[] arguments) throws Exception {
    for (int i = 0; i < 5; i++) {
      Process process =
          new ProcessBuilder(
                  "/bin/sh", "-c", "ls /proc/self/fd | tr '\\n' ' '; exit " + i)
              .redirectErrorStream(true)
              .start();
      BufferedReader output =
          new BufferedReader(new InputStreamReader(process.getInputStream()));
      System.out.println(output.readLine() + "status " + process.waitFor());
    }
  }
}
