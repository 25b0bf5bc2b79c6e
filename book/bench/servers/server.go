// A goroutine for each client, to be measured.
package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Getenv("PORT"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go converse(connection)
	}
}

func converse(connection net.Conn) {
	defer connection.Close()
	buffer := make([]byte, 1024)
	for {
		if _, err := connection.Read(buffer); err != nil {
			return
		}
		if _, err := connection.Write([]byte("Hello, client!")); err != nil {
			return
		}
	}
}
